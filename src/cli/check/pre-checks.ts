import { Fault } from '../../base/fault.ts';
import type { HealthCheck } from '../../cluster/check/check.ts';
import { defaultTracing } from '../../cluster/check/checks/default-tracing.ts';
import { proxiesKept } from '../../cluster/check/checks/proxies-kept.ts';
import { upgradePath } from '../../cluster/check/checks/upgrade-path.ts';
import { PRE_CHECKS } from '../../cluster/check/checks.ts';
import { loadProfile } from '../../install/operator/profile.ts';
import { read } from '../../install/values/path.ts';
import { readTree } from '../install/tree.ts';
import type { Io } from '../io.ts';

/** What is looked at before an installation or an upgrade. */
export interface PreCheckScope {
  readonly revision: string | undefined;
  readonly namespace: string | undefined;
  /** The release that an upgrade comes from: `1.21`. */
  readonly fromVersion: string | undefined;
  readonly skipControlplane: boolean;
}

/** The last minor release of Istio 1 whose default was tracing to Zipkin. */
const TRACING_BY_DEFAULT = 21;

const minorOf = (version: string): number => {
  const [, minor] = /^1\.(\d+)(?:\.\d+)?$/.exec(version) ?? [];
  if (minor !== undefined) return Number(minor);
  throw new Fault(`--from-version wants a release such as 1.21, not "${version}"`, {
    kind: 'usage',
    code: 'BAD_FLAG_VALUE',
  });
};

/** The release whose charts come with heddle. */
const release = async (io: Io): Promise<string> => {
  const tag = read(loadProfile(await readTree(undefined, io), 'default').operator, 'spec.tag');
  return typeof tag === 'string' ? tag : '';
};

/** The checks that hold for what is about to be done. */
export const preChecks = async (scope: PreCheckScope, io: Io): Promise<readonly HealthCheck[]> => {
  const isFromOld = scope.fromVersion !== undefined && minorOf(scope.fromVersion) <= TRACING_BY_DEFAULT;
  const tag = await release(io);
  return [
    ...(scope.skipControlplane
      ? []
      : [...PRE_CHECKS, upgradePath(tag, scope.revision), proxiesKept(tag, scope.namespace)]),
    ...(isFromOld ? [defaultTracing] : []),
  ];
};
