/** What an asynchronous call fails with because it was told to stop, and not because something is wrong. */
export function isAbort(error: unknown, { reason }: AbortSignal): boolean {
  if (!(error instanceof Error)) return false;
  return error === reason || error.cause === reason || error.name === 'AbortError';
}
