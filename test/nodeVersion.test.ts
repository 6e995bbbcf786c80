import { describe, expect, it } from 'vitest';
import { MillraceError } from '../src/errors.ts';
import { assertNodeVersion } from '../src/nodeVersion.ts';

describe('assertNodeVersion', () => {
  it.each(['22.18.0', '22.23.1', '23.0.0', '24.21.0', '26.10.0', '100.0.0-nightly'])(
    'accepts %s',
    (version) => {
      expect(() => assertNodeVersion(version)).not.toThrow();
    },
  );

  it('accepts the Node that runs the tests', () => {
    expect(() => assertNodeVersion()).not.toThrow();
  });

  it.each(['0.10.0', '18.20.8', '20.20.2', '21.7.3', '22.0.0', '22.17.1', '22.9.9'])(
    'refuses %s',
    (version) => {
      let thrown: unknown;
      try {
        assertNodeVersion(version);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(MillraceError);
      const { code, details } = thrown as MillraceError;
      expect(code).toBe('UNSUPPORTED_NODE');
      expect(details.expected).toBe('Node.js 22.18 or newer');
      expect(details.found).toContain(`Node.js ${version} (`);
      expect(details.next).toContain('Install Node.js 24');
    },
  );
});
