import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDuration } from '../../src/base/duration.ts';
import type { Case, CaseRequest } from './case-files.ts';
import { type CaseMesh, startCaseMesh } from './case-mesh.ts';
import { idHeader } from './http1-wire.ts';
import { type Exchange, observeMany, observeOne } from './observe.ts';
import { type Answer, send } from './send.ts';

const pollMs = 4;
/** Nothing new for this long after the expected records are in: later ones are not this request's. */
const quietMs = 24;
const patienceMs = 800;

/** Waits until the proxies have logged what was sent, and copies and checks have arrived. */
const settle = async (mesh: CaseMesh, recordsWanted: number): Promise<void> => {
  const begun = performance.now();
  let seen = -1;
  let changed = begun;
  for (;;) {
    const now = performance.now();
    const total = mesh.hits.length + mesh.records.length;
    if (total !== seen) changed = now;
    seen = total;
    const isQuiet = now - changed >= quietMs;
    if ((isQuiet && mesh.records.length >= recordsWanted) || now - begun > patienceMs) return;
    await sleep(pollMs);
  }
};

const sendAll = async (mesh: CaseMesh, request: CaseRequest, ids: readonly string[]): Promise<readonly Answer[]> => {
  const answers: Answer[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < ids.length; at = next++) {
      answers[at] = await send(() => mesh.connect(request), request, ids[at] ?? '');
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, request.concurrency ?? 1) }, worker));
  return answers;
};

const replayRequest = async (mesh: CaseMesh, request: CaseRequest, index: number) => {
  if (request.sleepBefore !== undefined) await sleep(parseDuration(request.sleepBefore) ?? 0);
  const [hitsBefore, recordsBefore] = [mesh.hits.length, mesh.records.length];
  const ids = Array.from({ length: request.count ?? 1 }, () => randomUUID());
  const answers = await sendAll(mesh, request, ids);
  await settle(mesh, recordsBefore + mesh.recordsExpected(request));
  const hits = mesh.hits.slice(hitsBefore);
  const records = mesh.records.slice(recordsBefore);
  const exchanges: readonly Exchange[] = answers.map((answer, at) => ({
    answer,
    hits: hits.filter(({ headers }) => headers[idHeader] === ids[at] || (headers[idHeader] === undefined && at === 0)),
  }));
  const [only] = exchanges;
  return request.count === undefined && only !== undefined
    ? observeOne(index, request, only, records)
    : observeMany(index, request, exchanges, records);
};

/** Replays a case over real sockets: one result a request, in order, and the configuration's problems. */
export const replayCase = async (of: Case) => {
  const mesh = await startCaseMesh(of);
  try {
    const results = [];
    for (const [index, request] of of.requests.entries()) results.push(await replayRequest(mesh, request, index));
    return { results, problems: mesh.problems };
  } finally {
    await mesh.close();
  }
};
