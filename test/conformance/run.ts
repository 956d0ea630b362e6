// Replays recorded cases through the local mesh: npm run conformance -- --cases DIR --out DIR2 [--case NAME] [--jobs N]
import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { listCases } from './case-files.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    out: { type: 'string' },
    case: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '2' },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
});
if (values.cases === undefined || values.out === undefined) {
  console.error('usage: npm run conformance -- --cases DIR --out DIR [--case NAME]... [--jobs N] [--verbose]');
  process.exit(64);
}
const casesDir = resolve(values.cases);
const outDir = resolve(values.out);
const wanted = listCases(casesDir).filter(
  (name) => values.case === undefined || values.case.some((of) => name.startsWith(of)),
);

/** Above any case's honest need: its slowest requests wait for timeouts of seconds. */
const caseTimeoutMs = 120_000;

interface Report {
  readonly name: string;
  readonly problems?: readonly string[];
  readonly failure?: string;
}

const failures: string[] = [];

const runCase = (child: ChildProcess, name: string): Promise<Report> =>
  new Promise((done) => {
    const timer = setTimeout(
      () => done({ name, failure: `still running after ${caseTimeoutMs / 1000} s` }),
      caseTimeoutMs,
    );
    const end = (report: Report): void => {
      clearTimeout(timer);
      child.off('message', end);
      child.off('exit', onExit);
      done(report);
    };
    const onExit = (code: number | null): void => end({ name, failure: `the worker ended with code ${code}` });
    child.on('message', end);
    child.on('exit', onExit);
    child.send(name);
  });

const queue = [...wanted];
let finished = 0;

const work = async (): Promise<void> => {
  const start = (): ChildProcess => fork(new URL('./worker.ts', import.meta.url), [casesDir, outDir]);
  let child = start();
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const report = await runCase(child, name);
    finished++;
    if (report.failure !== undefined) {
      failures.push(name);
      console.error(`${name}: ${report.failure}`);
      child.kill('SIGKILL');
      child = start();
    }
    if (values.verbose) for (const problem of report.problems ?? []) console.error(`${name}: ${problem}`);
    if (process.stderr.isTTY) process.stderr.write(`\r${finished}/${wanted.length} `);
  }
  child.disconnect();
  child.kill();
};

const begun = performance.now();
const jobs = Math.max(1, Math.min(Number(values.jobs) || 1, 16));
await Promise.all(Array.from({ length: jobs }, work));
console.log(
  `conformance: ${wanted.length - failures.length}/${wanted.length} cases replayed in ${Math.round((performance.now() - begun) / 1000)} s, results in ${outDir}`,
);
