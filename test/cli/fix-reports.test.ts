import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';

const TEXT = `apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {ports: [{port: 80, name: htpp}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop, shop]
  http: [{route: [{destination: {host: shop}}]}]
`;

const analyze = async (format: string): Promise<string> =>
  (await runCli(['analyze', '-q', '--no-config', '-o', format, '-'], { stdin: TEXT })).stdout;

describe('reports carry fixes', () => {
  it('in SARIF, as replacements by file', async () => {
    const { results } = JSON.parse(await analyze('sarif')).runs[0];
    expect(results.map(({ fixes }: { fixes?: unknown }) => fixes)).toEqual([
      [
        {
          description: { text: 'remove what is repeated' },
          artifactChanges: [
            {
              artifactLocation: { uri: '-', uriBaseId: '%SRCROOT%' },
              replacements: [{ deletedRegion: { startLine: 10, startColumn: 15, endLine: 10, endColumn: 21 } }],
            },
          ],
        },
      ],
      [
        {
          description: { text: 'write "http" (may change what a cluster does)' },
          artifactChanges: [
            {
              artifactLocation: { uri: '-', uriBaseId: '%SRCROOT%' },
              replacements: [
                {
                  deletedRegion: { startLine: 4, startColumn: 33, endLine: 4, endColumn: 37 },
                  insertedContent: { text: 'http' },
                },
              ],
            },
          ],
        },
      ],
    ]);
  });

  it('in JSON, with the spans of the edits', async () => {
    const { items } = JSON.parse(await analyze('json'));
    expect(items.map(({ fix }: { fix?: unknown }) => fix)).toMatchObject([
      { title: 'remove what is repeated', safe: true, edits: [{ span: { line: 10, column: 15 }, text: '' }] },
      { title: 'write "http"', safe: false, edits: [{ span: { line: 4, column: 33 }, text: 'http' }] },
    ]);
  });

  it('in pretty, with the flags that apply them', async () => {
    const text = await analyze('pretty');
    expect(text).toContain('remove what is repeated   apply with --fix\n');
    expect(text).toContain('did you mean "http"?   apply with --fix --unsafe\n');
  });
});

describe('analyze --fix', () => {
  it('of standard input answers with the text, and reports on standard error', async () => {
    const { code, stdout, stderr } = await runCli(['analyze', '--fix', '--no-config', '-'], { stdin: TEXT });
    expect(code).toBe(0);
    expect(stdout).toBe(TEXT.replace('[shop, shop]', '[shop]'));
    expect(stderr).toContain('✔ fixed 1 finding in 1 file');
    expect(stderr).toContain('1 fixable with --fix (0 safe, 1 unsafe)');
  });

  it('answers with the very text where there is nothing to fix', async () => {
    const text = 'apiVersion: v1\r\nkind: Namespace\r\nmetadata: {name: a} # b';
    expect((await runCli(['analyze', '-q', '--fix', '--no-config', '-'], { stdin: text })).stdout).toBe(text);
  });

  it.each([
    [['--unsafe'], '--unsafe needs --fix'],
    [['--dry-run'], '--dry-run needs --fix'],
    [['--fix', '--update-baseline', '--baseline', 'x.json'], '--fix and --update-baseline exclude each other'],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await runCli(['analyze', ...flags, '--no-config', '-'], { stdin: TEXT });
    expect(code).toBe(64);
    expect(stderr).toContain(message);
  });
});
