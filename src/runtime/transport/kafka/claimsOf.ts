/** What a JWT says of itself, unchecked; nothing of a token that only its issuer can read. */
export function claimsOf(token: string): { readonly sub?: string; readonly exp?: number } {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    if (typeof claims !== 'object' || claims === null) return {};
    const { sub, exp } = claims as { sub?: unknown; exp?: unknown };
    return { ...(typeof sub === 'string' && { sub }), ...(typeof exp === 'number' && { exp }) };
  } catch {
    return {};
  }
}
