import { describe, it } from 'vitest';
import { adminContract } from './adminContract.ts';
import { closingContract } from './closingContract.ts';
import { ContractKit, type Fixture } from './contractKit.ts';
import { groupContract } from './groupContract.ts';
import { producerContract } from './producerContract.ts';
import { readerContract } from './readerContract.ts';
import { staticMemberContract } from './staticMemberContract.ts';
import { transactionContract } from './transactionContract.ts';

/** How a transport differs from another in what a test may do to it, not in what it must do. */
export interface Features {
  /** ms the whole of one test may take on the machine's own clock. */
  readonly timeout: number;
}

/** Declares a test that gets a kit of its own; all that it opened is closed behind it. */
export type Check = (sentence: string, body: (kit: ContractKit) => Promise<void>) => void;

/** Everything transport.ts says of a transport, sentence by sentence, as tests that run on any of them. */
export function transportContract(open: () => Promise<Fixture>, { timeout }: Features): void {
  const check: Check = (sentence, body) => {
    it(sentence, { timeout }, async () => {
      const fixture = await open();
      const kit = new ContractKit(fixture);
      try {
        await fixture.run(body(kit));
      } finally {
        await fixture.run(kit.close());
        await fixture.close();
      }
    });
  };
  describe('Transport', () => closingContract(check));
  describe('TopicAdmin', () => adminContract(check));
  describe('Member', () => groupContract(check));
  describe('Member with an instanceId, and evict()', () => staticMemberContract(check));
  describe('Reader', () => readerContract(check));
  describe('Producer', () => producerContract(check));
  describe('Producer with a transactionalId', () => transactionContract(check));
}
