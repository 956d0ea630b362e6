import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** The version of istio.io/istio whose go.mod pins every other Go module. */
export const ISTIO_VERSION = 'v0.0.0-20260827124520-eed52ebb66ad';
const ISTIO = 'istio.io/istio';

interface Download {
  readonly Dir: string;
  readonly GoMod: string;
}

/** Where the Go command keeps Istio's module; it downloads it when it has to. Throws without `go` or network. */
const istioModule = (): Download =>
  JSON.parse(
    execFileSync('go', ['mod', 'download', '-json', `${ISTIO}@${ISTIO_VERSION}`], { encoding: 'utf8' }),
  ) as Download;

/** The version that Istio's go.mod requires of a module. */
export const pinnedVersion = (module: string): string => {
  const line = new RegExp(`^\\s*(?:require )?${module.replaceAll('.', '\\.')} (\\S+)`, 'm');
  const version = line.exec(readFileSync(istioModule().GoMod, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`Istio's go.mod does not require ${module}`);
  return version;
};

/**
 * Builds one Go file against the module versions Istio pins and runs it on `input`; gives its standard output.
 * The first run downloads modules. Throws when the program cannot be built or fails.
 */
export const runGoProgram = (file: string, input = ''): string => {
  const { Dir } = istioModule();
  const work = mkdtempSync(join(tmpdir(), 'heddle-go-'));
  try {
    const pinned = readFileSync(join(Dir, 'go.mod'), 'utf8').replace(/^module .*$/m, 'module heddle.generate');
    writeFileSync(join(work, 'go.mod'), `${pinned}\nrequire ${ISTIO} ${ISTIO_VERSION}\n`);
    copyFileSync(join(Dir, 'go.sum'), join(work, 'go.sum'));
    copyFileSync(file, join(work, basename(file)));
    const env = { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false' };
    const size = { maxBuffer: 1 << 30, encoding: 'utf8' } as const;
    execFileSync('go', ['build', '-o', 'program', basename(file)], {
      cwd: work,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return execFileSync(join(work, 'program'), { cwd: work, input, ...size });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};
