/** The case needs something that millrace does not have yet. */
export class NotSupported extends Error {
  override readonly name = 'NotSupported';
  readonly what: string;

  constructor(what: string) {
    super(`not supported: ${what}`);
    this.what = what;
  }
}
