/** user:password@ in front of a host, with a scheme or without one. */
const credentials = /(^|\/\/|[\s"'(])[^\s/@"'(]*:[^\s/@"']*@/g;

/** A text without the credentials of the addresses in it. */
export function redacted(text: string): string {
  return text.replace(credentials, '$1***@');
}
