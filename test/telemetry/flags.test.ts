import { describe, expect, it } from 'vitest';
import { explainFlags, longFlags } from '../../src/telemetry/flags.ts';

describe('response flags', () => {
  it('are explained one by one in their order', () => {
    expect(explainFlags('DI,FI')).toEqual([
      'a fault rule delayed the request',
      'a fault rule answered in place of the workload',
    ]);
    expect(explainFlags('-')).toEqual([]);
    expect(explainFlags('XYZ')).toEqual(['XYZ']);
  });

  it('have long names', () => {
    expect(longFlags('URX,UF')).toBe('UpstreamRetryLimitExceeded,UpstreamConnectionFailure');
    expect(longFlags('-')).toBe('-');
  });
});
