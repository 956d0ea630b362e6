import { describe, expect, it } from 'vitest';
import { createWorkspace } from '../support/workspace.ts';

const FILES = {
  'route.yaml': `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
  namespace: web
spec:
  hosts: [shop.example.com]
  http:
    - timeout: 0s
      colour: blue
      redirect:
        uri: /new
`,
};

const codesOf = (stdout: string, list: 'items' | 'problems'): readonly string[] =>
  JSON.parse(stdout)[list].map(({ code }: { readonly code: string }) => code);

describe('what was read with reservation', () => {
  it('is not said again of a place that a finding is about', async () => {
    const { stdout, stderr } = await createWorkspace(FILES).run('analyze -o json route.yaml');
    expect(codesOf(stdout, 'items')).toContain('IST0106');
    expect(codesOf(stdout, 'problems')).toEqual(['UNKNOWN_FIELD']);
    expect(stderr).not.toContain('BAD_VALUE');
    expect(stderr).toContain('UNKNOWN_FIELD');
  });

  it('stays silenced with the finding', async () => {
    const { stdout } = await createWorkspace(FILES).run('analyze -o json -S IST0106=* route.yaml');
    expect(codesOf(stdout, 'items')).not.toContain('IST0106');
    expect(codesOf(stdout, 'problems')).toEqual(['UNKNOWN_FIELD']);
  });

  it('is said where the check that would say it does not run', async () => {
    const { stdout } = await createWorkspace(FILES).run(
      'analyze -o json --analyzer service.PortNameAnalyzer route.yaml',
    );
    expect(codesOf(stdout, 'problems')).toEqual(['BAD_VALUE', 'UNKNOWN_FIELD']);
  });

  it('names a very long key by its ends', async () => {
    const long = { 'route.yaml': FILES['route.yaml'].replace('colour', 'k'.repeat(600_000)).replace('blue', '1') };
    const { stderr } = await createWorkspace({
      'route.yaml': long['route.yaml'].replace(/ {6}(k+): 1/, '      ? $1\n      : 1'),
    }).run('analyze route.yaml');
    expect(stderr).toContain('unknown field "spec.http[0].kkk');
    expect(stderr.length).toBeLessThan(5000);
  });
});
