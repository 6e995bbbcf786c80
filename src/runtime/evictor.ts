import type { Connect } from './connect.ts';
import type { Joined } from './supervision.ts';
import type { Transport } from './transport/transport.ts';

/** Leaves groups for workers that are dead, over a connection that is opened ahead and kept. */
export interface Evictor {
  /** Connects, so that it need not when it matters. */
  prepare(): void;
  evict(joined: Joined): Promise<void>;
  close(): Promise<void>;
}

export function evictor(connect: Connect): Evictor {
  let transport: Transport | undefined;
  let connecting: Promise<Transport> | undefined;
  const open = async (): Promise<Transport> => {
    const opened = await connect('supervisor');
    transport = opened;
    await opened.connect();
    return opened;
  };
  const connected = (): Promise<Transport> => {
    connecting ??= open().catch(async (error: unknown) => {
      connecting = undefined; // another attempt when it is next needed
      await transport?.close();
      throw error;
    });
    return connecting;
  };
  return {
    prepare: () => void connected().catch(() => {}), // evict() tries again, and tells
    async evict({ group, memberId, instanceId }) {
      const member = instanceId === undefined ? { memberId } : { instanceId };
      await (await connected()).evict(group, member);
    },
    // Also one that is still connecting.
    close: async () => transport?.close(),
  };
}
