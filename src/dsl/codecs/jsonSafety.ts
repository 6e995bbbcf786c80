/**
 * Says what makes a JSON text unsafe to work with, undefined when nothing does. Nearly every text passes on two
 * searches for a substring; only what looks suspicious is looked at closely.
 */
export function jsonDanger(text: string, parse: (text: string) => unknown): string | undefined {
  const escapes = text.includes('\\u');
  if (escapes && hasLoneSurrogate(text)) return 'half a surrogate pair, which UTF-8 cannot carry';
  if (text.includes('__proto__') || (escapes && escapedProtoLetter.test(text))) {
    const path = protoPath(parse(text));
    if (path !== undefined) return `the property ${path}, which can replace prototypes`;
  }
  return undefined;
}

/** One of _ p r o t written as an escape. */
const escapedProtoLetter = /\\u00(?:5f|6f|7[024])/i;

/** Whether an escape \uD800-\uDFFF lacks its other half. Surrogates that are not escaped always come in pairs from UTF-8. */
function hasLoneSurrogate(text: string): boolean {
  if (!/\\ud[89a-f]/i.test(text)) return false;
  let high = -1;
  for (const match of text.matchAll(/\\(?:u([0-9a-f]{4})|.)/gis)) {
    const unit = match[1] === undefined ? 0 : Number.parseInt(match[1], 16);
    const low = unit >= 0xdc00 && unit <= 0xdfff;
    if (high >= 0 && !(low && match.index === high)) return true;
    if (low && high < 0) return true;
    high = unit >= 0xd800 && unit <= 0xdbff ? match.index + match[0].length : -1;
  }
  return high >= 0;
}

/** Not recursive: JSON.parse takes nesting deeper than the stack. */
function protoPath(root: unknown): string | undefined {
  const open: [value: unknown, path: string][] = [[root, '']];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [value, path] = next;
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, '__proto__')) return `${path}__proto__`;
    for (const [name, inner] of Object.entries(value)) open.push([inner, `${path}${name}.`]);
  }
  return undefined;
}
