/**
 * Freezes a stored object one level deep, so that a function that changes an aggregate in place throws instead of
 * changing what is remembered as the value before. Bytes cannot be frozen and are left as they are.
 */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.freeze(value);
}
