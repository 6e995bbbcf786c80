/** What was compressed says, or shows, that it is larger than anybody wants to hold in memory. */
export class DecompressedTooLarge extends Error {
  override readonly name = 'DecompressedTooLarge';

  constructor(limit: number) {
    super(`more than ${limit} bytes when decompressed`);
  }
}
