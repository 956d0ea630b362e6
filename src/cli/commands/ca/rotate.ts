import { Fault } from '../../../base/fault.ts';
import { describeCertificates } from '../../../ca/inspect.ts';
import { forgetEarlierRoots, rotateRoot } from '../../../ca/store.ts';
import { findStateDir } from '../../../local/state.ts';
import { type Context, defineCommand, flag } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { clock, ENVIRONMENT, EXIT_CODES, existingRoot, stateDirOf } from './authority-state.ts';

/** Every proxy of a running mesh holds the roots it began with: others would not be believed. */
const refuseWhileRunning = async (context: Context): Promise<void> => {
  const holder = await (await findStateDir(stateDirOf(context)))?.holder();
  if (holder === undefined) return;
  throw new Fault(`the mesh of process ${holder} runs with this root`, {
    kind: 'failure',
    code: 'MESH_RUNNING',
    hint: 'end it first: heddle local down',
  });
};

export const caRotate = defineCommand({
  summary: 'Makes a new root. Certificates of the one before stay valid until it is dropped.',
  examples: [
    ['heddle ca rotate', 'a new root; both are believed'],
    ['heddle ca rotate --drop-earlier', 'only the present root is believed from now on'],
  ],
  options: {
    dropEarlier: flag('--drop-earlier', 'make no new root, but stop believing those before the present one'),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 1: 'a mesh runs, or there is no root yet', ...EXIT_CODES },
  environment: ENVIRONMENT,
  notes: [
    'Workload certificates live for 24 hours at most: after that, nothing needs an earlier root.',
    'Programs outside of the mesh that trust its root must be given the new one: heddle ca root.',
  ],
  seeAlso: ['heddle ca root', 'heddle ca verify'],
  run: async (context, _args, { dropEarlier }) => {
    const before = existingRoot(context);
    await refuseWhileRunning(context);
    const stateDir = stateDirOf(context);
    const hasDropped = dropEarlier && forgetEarlierRoots(stateDir);
    const root = dropEarlier ? { ...before, earlierPems: [] } : await rotateRoot(stateDir, clock);
    const { certificatePem, earlierPems } = root ?? before;
    const fingerprintOf = (pem: string): string => describeCertificates(pem, 'the root')[0]?.fingerprint ?? '';
    const document = {
      kind: 'CaRotation',
      root: fingerprintOf(certificatePem),
      earlier: earlierPems.map(fingerprintOf),
      dropped: hasDropped ? before.earlierPems.map(fingerprintOf) : [],
    };
    await printDocument(context, document, () =>
      [
        `root      ${document.root}`,
        ...document.earlier.map((text) => `believed  ${text}`),
        ...document.dropped.map((text) => `dropped   ${text}`),
        '',
      ].join('\n'),
    );
    return EXIT.ok;
  },
});
