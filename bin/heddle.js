#!/usr/bin/env node
const { readFileSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');

const DIST = join(__dirname, '..', 'dist');

/** Commands that mostly load: the build leaves a bundle of each, with V8's code of a run (src/cli/quick-start). */
const QUICK = new Map([
  ['kube-inject', 'kube-inject'],
  ['inject', 'kube-inject'],
  ['analyze', 'analyze'],
  ['lint', 'analyze'],
  ['validate', 'validate'],
  ['explain', 'explain'],
]);

/** Parts of Node.js that take milliseconds to load, and of which few command lines need any. */
const LATE = new Set(['node:child_process', 'node:crypto', 'node:zlib']);

/** Bundles name what they take of a part where they use it: such a part is loaded then. */
const requireLate = (name) =>
  LATE.has(name) ? new Proxy({}, { get: (_none, key) => require(name)[key] }) : require(name);

/** The program from such a bundle; undefined where its code is of another Node.js. */
const quickly = (name) => {
  const filename = join(DIST, 'quick', `${name}.cjs`);
  let source;
  let cachedData;
  try {
    cachedData = readFileSync(`${filename}.${process.version}-${process.arch}`);
    source = readFileSync(filename, 'latin1');
  } catch {
    return undefined;
  }
  const script = new Script(source, { filename, cachedData });
  if (script.cachedDataRejected) return undefined;
  const bundle = { exports: {} };
  script.runInThisContext()(bundle.exports, requireLate, bundle, filename, DIST);
  return bundle.exports;
};

const load = async () => {
  const name = QUICK.get(process.argv[2]);
  // Node 22 and later keep compiled code between runs by themselves.
  if (enableCompileCache !== undefined) enableCompileCache();
  else if (name !== undefined) return quickly(name) ?? import('../dist/main.js');
  return import('../dist/main.js');
};

load()
  .then(({ main }) => main(process.argv.slice(2)))
  .then((code) => {
    process.exitCode = code;
  });
