import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeWhole } from '../analysis/files.ts';
import { answers } from '../bug-report/answers.ts';
import { type Collected, collect, type Item } from '../bug-report/collect.ts';
import { selectionOf } from '../bug-report/selection.ts';
import { type ArchivedFile, writeTar } from '../bug-report/tar.ts';
import { CLUSTER_EXIT_CODES, clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import { defineCommand, durationMs, flag, integer, text, texts } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { clientVersion } from '../package.ts';
import { PROXY_ADMIN_PORT } from '../proxy-config/options.ts';

const MINUTE_MS = 60_000;
const ITEM_MS = 30_000;
const AT_ONCE = 8;
const DIRECTORY = 'bug-report';

/** The first file of the archive: how it came about, how to read it, and what is not in it. */
const readme = ({ files, missing }: Collected, server: string): string =>
  [
    `Written by heddle ${clientVersion()} at ${new Date().toISOString()}, of ${server}.`,
    '',
    'answers/        what heddle check, analyze, proxy-status, ... said',
    'configuration/  heddle analyze --use-kube=false configuration',
    'proxies/        heddle proxy-config route -f proxies/NAMESPACE/POD/config_dump.json',
    'istiod/, logs/, state/',
    '',
    'Keys, tokens, passwords and credentials in headers are replaced by [redacted]. Look before you pass it on.',
    '',
    `Files: ${files.length}. Missing: ${missing.length}.`,
    ...missing.map(({ path, reason }) => `  ${path}: ${reason}`),
    '',
  ].join('\n');

const pack = (files: readonly ArchivedFile[]): Uint8Array =>
  gzipSync(
    writeTar(
      files.map(({ path, text: content }) => ({ path: `${DIRECTORY}/${path}`, text: content })),
      Math.floor(Date.now() / 1000),
    ),
  );

const clusterArguments = (flags: {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly as: string | undefined;
  readonly asUid: string | undefined;
  readonly asGroup: readonly string[];
}): readonly string[] => [
  ...(flags.kubeconfig === undefined ? [] : ['--kubeconfig', flags.kubeconfig]),
  ...(flags.context === undefined ? [] : ['--context', flags.context]),
  ...(flags.as === undefined ? [] : ['--as', flags.as]),
  ...(flags.asUid === undefined ? [] : ['--as-uid', flags.asUid]),
  ...flags.asGroup.flatMap((group) => ['--as-group', group]),
];

const plan = (items: readonly Item[]) => ({ kind: 'BugReportPlan', items: items.map(({ path }) => path) });

export const bugReport = defineCommand({
  summary: 'Gathers what is needed to find out what is wrong with a mesh into an archive, without secrets.',
  examples: [
    ['heddle bug-report', 'everything, into bug-report.tar.gz'],
    ['heddle bug-report --include "shop//web-*" --duration 1h', 'proxies of some pods, and their last hour'],
    ['heddle bug-report --dry-run', 'what would be gathered'],
  ],
  options: {
    include: texts('--include <filter>', 'only pods that fit; repeatable'),
    exclude: texts('--exclude <filter>', "not pods that fit (Kubernetes' own); repeatable"),
    duration: durationMs('--duration <duration>', 'how far back logs go; otherwise all they have', 0),
    tail: integer('--tail <lines>', 'the last lines of each log; 0 for all', { min: 0, max: Number.MAX_SAFE_INTEGER }),
    timeout: durationMs('--timeout <duration>', 'end after this with what there is (30m)', 30 * MINUTE_MS),
    itemTimeout: durationMs('--item-timeout <duration>', 'how long one file may take (30s)', ITEM_MS),
    outputDir: text('--output-dir <dir>', 'where bug-report.tar.gz is written (the working directory)'),
    dryRun: flag('--dry-run', 'only say what would be gathered'),
    skipAnalyze: flag('--skip-analyze', 'without what heddle analyze and the like say'),
    skipClusterDump: flag('--skip-cluster-dump', 'without Kubernetes objects'),
    skipProxyDebug: flag('--skip-proxy-debug', 'without the state of proxies'),
    proxyAdminPort: PROXY_ADMIN_PORT,
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
  },
  formats: ['text', 'json', 'yaml'],
  absentFlags: {
    flags: ['--full-secrets'],
    why: 'a report never has secrets',
    hint: 'pass on by other ways what has to be known: kubectl get secret',
  },
  handlesInterrupt: true,
  exitCodes: { 73: 'the archive cannot be written', ...CLUSTER_EXIT_CODES },
  notes: [
    'A filter is NAMESPACES/DEPLOYMENTS/PODS/LABELS/ANNOTATIONS/CONTAINERS: each a list with commas of which one must fit, or empty; * is any text. Labels and annotations are NAME=VALUE.',
    'Only the user may read the archive (mode 0600). Private keys, tokens, passwords, contents of Secrets and credentials in headers are replaced by [redacted], in objects, states and logs; what applications log of their own is not part of it.',
    'What could not be had, and why, is said on standard error and in README.txt of the archive.',
  ],
  seeAlso: ['heddle check', 'heddle analyze', 'heddle proxy-config'],
  run: (context, _args, options) =>
    withCluster(context, options, async (cluster) => {
      const { clusterItems } = await import('../bug-report/items.ts');
      const { istioNamespace = ISTIO_NAMESPACE, tail = 0, duration, timeout, itemTimeout, outputDir = '.' } = options;
      const ofCluster = await clusterItems(cluster, {
        istioNamespace,
        proxyAdminPort: options.proxyAdminPort,
        isSelected: selectionOf(options.include, options.exclude),
        sinceSeconds: duration === 0 ? undefined : Math.ceil(duration / 1000),
        tailLines: tail === 0 ? undefined : tail,
        withObjects: !options.skipClusterDump,
        withProxies: !options.skipProxyDebug,
      });
      const items = [...(options.skipAnalyze ? [] : answers(clusterArguments(options), context.io)), ...ofCluster];
      if (options.dryRun) {
        await printDocument(context, plan(items), () => items.map(({ path }) => `${path}\n`).join(''));
        return EXIT.ok;
      }
      const { signal, quiet, err } = context;
      if (!quiet) err.line(`Gathering ${items.length} items of ${cluster.server} ...`);
      const limits = { itemMs: itemTimeout, totalMs: timeout, atOnce: AT_ONCE, signal };
      const collected = await collect(items, limits);
      const files = [{ path: 'README.txt', text: readme(collected, cluster.server) }, ...collected.files];
      const bytes = pack(files);
      const file = resolve(context.io.cwd, outputDir, 'bug-report.tar.gz');
      await writeWhole(file, bytes, 0o600);
      const { missing } = collected;
      for (const { path, reason } of missing) err.line(`${err.paint.yellow('missing:')} ${path}: ${reason}`);
      const document = { kind: 'BugReport', file, bytes: bytes.length, files: files.map(({ path }) => path), missing };
      await printDocument(context, document, () => `${file}: ${files.length} files, ${bytes.length} bytes\n`);
      return EXIT.ok;
    }),
});
