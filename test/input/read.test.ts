import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { readSources } from '../../src/input/read.ts';

let cwd = '';

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'heddle-input-'));
});

afterEach(async () => {
  await rm(cwd, { recursive: true });
});

const write = async (path: string, content: string | Buffer = 'a: 1\n'): Promise<void> => {
  await mkdir(dirname(join(cwd, path)), { recursive: true });
  await writeFile(join(cwd, path), content);
};

const read = (...paths: string[]) => readSources(paths, { stdin: Readable.from([Buffer.from('from: stdin\n')]), cwd });

const names = async (...paths: string[]): Promise<readonly string[]> =>
  (await read(...paths)).map((source) => source.name);

const faultOf = async (...paths: string[]): Promise<Fault> => {
  const error = await read(...paths).catch((thrown: unknown) => thrown);
  if (!(error instanceof Fault)) throw new Error(`no Fault but ${String(error)}`);
  return error;
};

describe('the files of a directory', () => {
  it('are its configuration files at any depth, sorted, without hidden ones and packages', async () => {
    for (const path of ['b.yml', 'a.yaml', 'sub/c.json', 'sub/deep/d.yaml', 'README.md', 'Z.yaml'])
      await write(`k/${path}`);
    for (const path of ['.git/x.yaml', '.hidden.yaml', 'node_modules/p/x.yaml', 'sub/.cache/x.yaml'])
      await write(`k/${path}`);
    expect(await names('k')).toEqual(['k/Z.yaml', 'k/a.yaml', 'k/b.yml', 'k/sub/c.json', 'k/sub/deep/d.yaml']);
    expect(await names('./k/')).toEqual(await names('k'));
  });

  it('are read once when a link leads back up', async () => {
    await write('k/sub/a.yaml');
    await symlink('..', join(cwd, 'k/sub/loop'));
    await symlink('sub/a.yaml', join(cwd, 'k/z-link.yaml'));
    await symlink('nowhere.yaml', join(cwd, 'k/dangling.yaml'));
    expect(await names('k')).toEqual(['k/sub/a.yaml']);
  });

  it.skipIf(process.platform === 'win32')('leave out pipes, which would never end', async () => {
    await write('k/a.yaml');
    execFileSync('mkfifo', [join(cwd, 'k/pipe.yaml')]);
    expect(await names('k')).toEqual(['k/a.yaml']);
  });
});

describe('paths', () => {
  it('keep the order and the names the user typed', async () => {
    await write('b.yaml', 'b: 2\n');
    await write('notes.txt', 'a: 1\n');
    expect(await read('b.yaml', './notes.txt', join(cwd, 'b.yaml'))).toEqual([
      { name: 'b.yaml', text: 'b: 2\n' },
      { name: './notes.txt', text: 'a: 1\n' },
    ]);
  });

  it('take standard input where the dash stands', async () => {
    await write('a.yaml');
    await write('b.yaml');
    expect(await names('a.yaml', '-', 'b.yaml')).toEqual(['a.yaml', '-', 'b.yaml']);
    expect(await read('-')).toEqual([{ name: '-', text: 'from: stdin\n' }]);
  });

  it('keep a byte order mark for the loader', async () => {
    await write('a.yaml', '\uFEFFa: 1\n');
    expect((await read('a.yaml'))[0]?.text).toBe('\uFEFFa: 1\n');
  });
});

describe('patterns', () => {
  beforeEach(async () => {
    for (const path of ['k/a.yaml', 'k/b.yml', 'k/note.md', 'k/x/c.yaml', 'k/x/y/d.yaml', 'k/.h/e.yaml'])
      await write(path);
  });

  it.each([
    ['k/*.yaml', ['k/a.yaml']],
    ['k/?.y*ml', ['k/a.yaml', 'k/b.yml']],
    ['k/**/*.yaml', ['k/a.yaml', 'k/x/c.yaml', 'k/x/y/d.yaml']],
    ['**/d.yaml', ['k/x/y/d.yaml']],
    ['k/**', ['k/a.yaml', 'k/b.yml', 'k/x/c.yaml', 'k/x/y/d.yaml']],
    ['k/*', ['k/a.yaml', 'k/b.yml', 'k/x/c.yaml', 'k/x/y/d.yaml']],
    ['*/x/*', ['k/x/c.yaml', 'k/x/y/d.yaml']],
    ['k/*.md', ['k/note.md']],
    ['k/.h/*', ['k/.h/e.yaml']],
    ['./k/**/**/c.*', ['k/x/c.yaml']],
  ])('%s names %j', async (pattern, expected) => {
    expect(await names(pattern)).toEqual(expected);
  });

  it('stop at links that lead back up', async () => {
    await symlink('..', join(cwd, 'k/x/loop'));
    expect(await names('k/**/*.yaml')).toEqual(['k/a.yaml', 'k/x/c.yaml', 'k/x/y/d.yaml']);
  });

  it('are names first, when a file is called so', async () => {
    await write('k/*.yaml', 'star: 1\n');
    expect(await names('k/*.yaml')).toEqual(['k/*.yaml']);
  });
});

describe('what cannot be read', () => {
  it('is a path that names nothing, with the nearest name beside it', async () => {
    await write('samples/bookinfo.yaml');
    const fault = await faultOf('samples/bokinfo.yaml');
    expect([fault.code, fault.kind, fault.message, fault.hint]).toEqual([
      'INPUT_NOT_FOUND',
      'usage',
      'no such file or directory: samples/bokinfo.yaml',
      'did you mean samples/bookinfo.yaml?',
    ]);
    expect((await faultOf('sample/bookinfo.yaml')).hint).toBe('did you mean samples/bookinfo.yaml?');
    expect((await faultOf('elsewhere.yaml')).hint).toBe('check the path');
    expect((await faultOf('elsewhere/*.yaml')).code).toBe('INPUT_NOT_FOUND');
  });

  it('is a pattern or a directory without a configuration file', async () => {
    await write('docs/README.md');
    expect((await faultOf('docs')).message).toBe('no YAML or JSON file in docs');
    expect((await faultOf('docs/*.yaml')).message).toBe('no file matches docs/*.yaml');
    expect((await faultOf('docs/*')).code).toBe('INPUT_NO_MATCH');
  });

  it('is no pattern whose files were all named before', async () => {
    await write('k/a.yaml');
    expect(await names('k/a.yaml', 'k/*.yaml', 'k', 'k')).toEqual(['k/a.yaml']);
  });

  it('is a file that is not UTF-8, by its line', async () => {
    await write('latin1.yaml', Buffer.from('a: 1\nb: caf\xe9\nc: 3\n', 'latin1'));
    await write('utf16.yaml', Buffer.from('\uFEFFa: 1\n', 'utf16le'));
    const fault = await faultOf('latin1.yaml');
    expect([fault.code, fault.kind, fault.message]).toEqual(['INPUT_NOT_UTF8', 'input', 'latin1.yaml:2 is not UTF-8']);
    expect((await faultOf('utf16.yaml')).message).toBe('utf16.yaml:1 is not UTF-8 but UTF-16');
  });

  it.skipIf(process.platform === 'win32')('is an input without end', async () => {
    expect((await faultOf('/dev/zero')).code).toBe('INPUT_TOO_LARGE');
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('is a file one may not read', async () => {
    await write('secret.yaml');
    execFileSync('chmod', ['000', join(cwd, 'secret.yaml')]);
    expect((await faultOf('secret.yaml')).code).toBe('INPUT_UNREADABLE');
  });
});
