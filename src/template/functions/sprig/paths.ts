import { fixed, type TemplateFunction } from '../../functions.ts';
import { STRING } from '../../type.ts';

/** path.Clean: the shortest path that means the same. */
const clean = (path: string): string => {
  if (path === '') return '.';
  const isRooted = path.startsWith('/');
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!isRooted) kept.push(part);
  }
  const joined = kept.join('/');
  return isRooted ? `/${joined}` : joined || '.';
};

/** path.Base: the last element. */
export const basePath = (path: string): string => {
  if (path === '') return '.';
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
};

const directory = (path: string): string => clean(path.slice(0, path.lastIndexOf('/') + 1));

const extension = (path: string): string => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot);
};

const isAbsolute = (path: string): boolean => path.startsWith('/');

/** sprig's functions on paths; those of the operating system are Linux's, where Istio runs. */
export const pathFunctions: readonly TemplateFunction[] = [
  ...['base', 'osBase'].map((name) => fixed(name, [STRING], basePath)),
  ...['dir', 'osDir'].map((name) => fixed(name, [STRING], directory)),
  ...['clean', 'osClean'].map((name) => fixed(name, [STRING], clean)),
  ...['ext', 'osExt'].map((name) => fixed(name, [STRING], extension)),
  ...['isAbs', 'osIsAbs'].map((name) => fixed(name, [STRING], isAbsolute)),
];
