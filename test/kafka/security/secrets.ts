import { inspect } from 'node:util';

/** Part of every password and passphrase of these suites; it may be seen nowhere. */
export const canary = 'canary7f3a9c';

/** What else may be seen nowhere: tokens, keys. */
export const secrets: Set<string> = new Set([canary]);

const told: string[] = [];

/** Keeps what a user could get to see of a value: its text, its stack, its causes, its insides. */
export function tell(value: unknown): void {
  told.push(inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true }), String(value));
  if (value instanceof Error) {
    told.push(value.stack ?? '', JSON.stringify(value, Object.getOwnPropertyNames(value)));
    if (value.cause !== undefined) tell(value.cause);
  }
}

/** Everything that has been told. */
export function allTold(): readonly string[] {
  return told;
}

/** Everything written to stdout and stderr of this process from now on is told; gives the end of it. */
export function listen(): () => void {
  const streams = [process.stdout, process.stderr];
  const original = streams.map((stream) => stream.write);
  for (const [index, stream] of streams.entries()) {
    stream.write = function (this: typeof stream, ...args: Parameters<typeof stream.write>) {
      told.push(String(args[0]));
      return original[index]!.apply(stream, args);
    } as typeof stream.write;
  }
  return () => {
    for (const [index, stream] of streams.entries()) stream.write = original[index]!;
  };
}
