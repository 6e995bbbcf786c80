import type { Op } from './types.ts';

/** The only overloads of `pipe`; more than nine steps continue in a second `pipe`. */
export interface Pipeable {
  pipe<A>(a: Op<this, A>): A;
  pipe<A, B>(a: Op<this, A>, b: Op<A, B>): B;
  pipe<A, B, C>(a: Op<this, A>, b: Op<A, B>, c: Op<B, C>): C;
  pipe<A, B, C, D>(a: Op<this, A>, b: Op<A, B>, c: Op<B, C>, d: Op<C, D>): D;
  pipe<A, B, C, D, E>(a: Op<this, A>, b: Op<A, B>, c: Op<B, C>, d: Op<C, D>, e: Op<D, E>): E;
  pipe<A, B, C, D, E, F>(a: Op<this, A>, b: Op<A, B>, c: Op<B, C>, d: Op<C, D>, e: Op<D, E>, f: Op<E, F>): F;
  pipe<A, B, C, D, E, F, G>(
    a: Op<this, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
    g: Op<F, G>,
  ): G;
  pipe<A, B, C, D, E, F, G, H>(
    a: Op<this, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
    g: Op<F, G>,
    h: Op<G, H>,
  ): H;
  pipe<A, B, C, D, E, F, G, H, I>(
    a: Op<this, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
    g: Op<F, G>,
    h: Op<G, H>,
    i: Op<H, I>,
  ): I;
}

export function pipe(this: unknown, ...steps: readonly Op<unknown, unknown>[]): unknown {
  return steps.reduce((input: unknown, step) => step(input), this);
}
