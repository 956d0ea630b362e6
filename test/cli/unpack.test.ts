import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpackChart } from '../../src/cli/install/unpack.ts';
import { loadChart } from '../../src/install/chart/chart.ts';

interface Entry {
  readonly name: string;
  readonly text?: string | Uint8Array;
  /** As tar marks entries: a file where absent. */
  readonly type?: string;
  readonly size?: number;
}

const entry = ({ name, text = '', type = '0', size }: Entry): Buffer => {
  const content = Buffer.from(text);
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('ustar\0', 257);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
};

const pack = (...entries: readonly Entry[]): Buffer =>
  gzipSync(Buffer.concat([...entries.map(entry), Buffer.alloc(1024)]));

const CHART = 'name: sub\nversion: 1.0.0\n';
const unpack = (...entries: readonly Entry[]) => unpackChart('charts/sub-1.0.0.tgz', pack(...entries));

describe('unpackChart', () => {
  it('gives the files behind the first directory, and those of packed charts within', () => {
    const inner = pack({ name: 'inner/Chart.yaml', text: 'name: inner\nversion: 2.0.0\n' });
    expect(
      unpack(
        { name: 'sub/', type: '5' },
        { name: 'sub/Chart.yaml', text: CHART },
        { name: 'sub/link', type: '2' },
        { name: 'sub/charts/inner-2.0.0.tgz', text: inner },
      ),
    ).toEqual([
      ['charts/sub-1.0.0.tgz/Chart.yaml', CHART],
      ['charts/sub-1.0.0.tgz/charts/inner-2.0.0.tgz/Chart.yaml', 'name: inner\nversion: 2.0.0\n'],
    ]);
  });

  it('reads long names of pax and GNU', () => {
    const long = `sub/templates/${'a'.repeat(120)}.yaml`;
    const record = ` path=${long}\n`;
    expect(
      unpack(
        { name: 'PaxHeader', type: 'x', text: `${record.length + 3}${record}` },
        { name: 'short', text: 'pax' },
        { name: '././@LongLink', type: 'L', text: `${long}\0` },
        { name: 'short', text: 'gnu' },
      ),
    ).toEqual(['pax', 'gnu'].map((text) => [`charts/sub-1.0.0.tgz/${long.slice('sub/'.length)}`, text]));
  });

  it('is loaded as a subchart', () => {
    const tree = new Map([
      ['Chart.yaml', 'name: parent\nversion: 1.0.0\n'],
      ...unpack({ name: 'sub/Chart.yaml', text: CHART }, { name: 'sub/templates/a.yaml', text: 'a: 1\n' }),
    ] as [string, string][]);
    const { chart, problems } = loadChart(tree, '');
    expect(problems).toEqual([]);
    expect(chart?.dependencies.map(({ name, templates }) => [name, templates])).toEqual([
      ['sub', [{ name: 'templates/a.yaml', text: 'a: 1\n' }]],
    ]);
  });

  it.each([
    ['places above the chart', { name: 'sub/../../x', text: 'x' }, 'not below the directory of a chart'],
    ['absolute places', { name: 'sub//etc/passwd', text: 'x' }, 'not below the directory of a chart'],
    ['files beside the chart', { name: 'Chart.yaml', text: CHART }, 'not below the directory of a chart'],
    ['places on a drive', { name: 'sub/c:/x', text: 'x' }, 'not below the directory of a chart'],
    ['an end within a file', { name: 'sub/x', size: 10_000 }, 'it ends within an entry'],
    ['large files', { name: 'sub/x', text: Buffer.alloc(6 * 1024 * 1024) }, 'more than 5242880 bytes'],
  ])('refuses %s', (_words, given, why) => {
    expect(() => unpack(given)).toThrow(why);
  });

  it('refuses what is no archive, and more than its limit', () => {
    expect(() => unpackChart('a.tgz', Buffer.from('no'))).toThrow('it is not compressed with gzip');
    expect(() => unpackChart('a.tgz', pack({ name: 'a/b', text: 'x'.repeat(9000) }), 4096)).toThrow(
      'more than 4096 bytes',
    );
    expect(() => unpackChart('a.tgz', pack())).toThrow('it has no files');
  });
});
