import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

// The rules of the house (src/README.md), run by a machine.
const src = resolve(import.meta.dirname, '../src');
const map = readFileSync(join(src, 'README.md'), 'utf8');
const allowed = new Map(
  [...map.matchAll(/^\| (\w+) \| (?:pure|effects|face) \|.*\| ([\w -]+) \|$/gm)].map(([, room = '', list = '']) => [
    room,
    new Set([room, ...list.split(' ')]),
  ]),
);
const pure = new Set(/## Pure rooms\n\n(.+)\n/.exec(map)?.[1]?.split(' '));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const handwritten = files.filter((file) => !file.includes('generated'));
const roomOf = (file: string): string => file.split('/')[0] ?? '';
const read = (file: string): string => readFileSync(join(src, file), 'utf8');
const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:^|\s)(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g)].map(
    ([, from, lazy]) => from ?? lazy ?? '',
  );

describe('the house', () => {
  it('has exactly the rooms of the map', () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual([...allowed.keys()].sort());
  });

  it('imports only along the table of src/README.md', () => {
    const wrong = files.flatMap((file) =>
      importsOf(read(file))
        .filter((from) => from.startsWith('.'))
        .map((from) => roomOf(relative(src, resolve(src, dirname(file), from))))
        .filter((room) => !allowed.get(roomOf(file))?.has(room))
        .map((room) => `${file} -> ${room}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps effects out of the pure rooms', () => {
    const effects =
      /from 'node:(?!buffer')|\b(process|console|setTimeout|setInterval|setImmediate)[.(]|Date\.now|Math\.random|new Date\(\)/;
    // Generators of committed data are scripts of the developer, not part of the room at run time.
    const wrong = handwritten
      .filter((file) => pure.has(roomOf(file)) && !/schema\/generat/.test(file))
      .flatMap((file) =>
        read(file)
          .split('\n')
          .flatMap((line, at) =>
            effects.test(line.replace(/\/\/.*|^\s*\/?\*.*/, '')) ? [`${file}:${at + 1} ${line.trim()}`] : [],
          ),
      );
    expect(wrong).toEqual([]);
  });

  it('keeps the YAML libraries in yaml/ and the process in cli/ and local/', () => {
    const wrong = handwritten.filter(
      (file) =>
        (roomOf(file) !== 'yaml' &&
          !/schema\/generat/.test(file) &&
          importsOf(read(file)).some((from) => /^(js-)?yaml$/.test(from))) ||
        (!['cli', 'local', 'model'].includes(roomOf(file)) &&
          /\bprocess\.(?!binding)/.test(read(file).replace(/\/\/.*/g, ''))),
    );
    expect(wrong).toEqual([]);
  });

  it('has no drawers for odds and ends and no barrels', () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|types|index)(\.ts|\/)/.test(file))).toEqual([]);
  });

  it('shows exactly the promised top level', () => {
    const root = resolve(src, '..');
    const visible = readdirSync(root).filter(
      (name) => !name.startsWith('.') && !['node_modules', 'dist', 'coverage'].includes(name),
    );
    const promised = [
      'LICENSE',
      'README.md',
      'bin',
      'package-lock.json',
      'package.json',
      'src',
      'templates',
      'test',
      'tsconfig.json',
    ];
    expect(visible.filter((name) => !promised.includes(name))).toEqual([]);
  });
});
