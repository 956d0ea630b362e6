// A process that opens the authority of a state directory: `ca-child.ts STATE_DIR root|issue`.
// `root` prints the root and ends; `issue` prints `opening`, then a line per certificate until it is killed.
import process from 'node:process';
import { openAuthority } from '../../src/ca/store.ts';

const [stateDir = '', task] = process.argv.slice(2);
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

if (task === 'issue') {
  // Warmed up before the whistle: what the killer aims at is the work on files, not the loading of a library.
  const { mintRoot } = await import('../../src/ca/mint.ts');
  await mintRoot('cluster.local', { notBeforeMs: clock.nowMs(), notAfterMs: clock.nowMs() + 60_000 });
  process.stdout.write('opening\n');
}
const authority = await openAuthority({ stateDir, trustDomain: 'cluster.local', clock });
if (task === 'root') process.stdout.write(authority.rootPem);
else {
  for (let count = 0; ; count += 1) {
    const { serial } = await authority.issue(`spiffe://cluster.local/ns/default/sa/w${count}`);
    process.stdout.write(`${serial}\n`);
  }
}
