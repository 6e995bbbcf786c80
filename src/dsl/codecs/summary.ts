/** A value as shown in error messages: its kind, and so much of it as helps to recognise it. */
export function summary(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'number') {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'function') return `a function${value.name ? ` (${value.name})` : ''}`;
  if (typeof value === 'symbol') return 'a symbol';
  if (ArrayBuffer.isView(value)) return `a ${constructorName(value)} of ${value.byteLength} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = constructorName(value);
  return name === 'Object' ? `an object with ${listed(Object.keys(value))}` : `a ${name}`;
}

const longest = 60;

function quoted(value: string): string {
  return value.length <= longest
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, longest))}... (${value.length} characters)`;
}

function listed(keys: readonly string[]): string {
  if (keys.length === 0) return 'no properties';
  return keys.length <= 5
    ? keys.join(', ')
    : `${keys.slice(0, 5).join(', ')}, ... (${keys.length} properties)`;
}

function constructorName(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'Object';
}
