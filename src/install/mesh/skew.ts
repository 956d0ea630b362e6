import type { Istiod } from './istiods.ts';
import { byNamespace, type ProxyPod } from './proxies.ts';

type Version = readonly [major: number, minor: number, patch: number];

/** `1.31.1-distroless` or `v1.32.0-gke.1`; undefined for a tag such as `latest`. */
const parseVersion = (text: string): Version | undefined => {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor), Number(patch ?? 0)];
};

const difference = (left: Version, right: Version): number =>
  left[0] - right[0] || left[1] - right[1] || left[2] - right[2];

/** Whether a version is older than another one; false where either is none. */
export const isOlder = (version: string, than: string): boolean => {
  const [left, right] = [parseVersion(version), parseVersion(than)];
  return left !== undefined && right !== undefined && difference(left, right) < 0;
};

/** How many minor releases lie between two versions; undefined where either is none, or the major ones differ. */
export const minorReleasesBetween = (one: string, other: string): number | undefined => {
  const [left, right] = [parseVersion(one), parseVersion(other)];
  return left === undefined || right === undefined || left[0] !== right[0] ? undefined : Math.abs(left[1] - right[1]);
};

/** A cluster before an installation, and the release that is to be installed. */
export interface Skew {
  readonly kubernetes: string;
  readonly oldestKubernetes: string;
  readonly revision: string;
  readonly version: string;
  readonly istiods: readonly Istiod[];
  readonly proxies: readonly ProxyPod[];
}

/** What differs in version and matters, a sentence each. */
export const skewWarnings = (skew: Skew): readonly string[] => [
  ...kubernetesWarning(skew),
  ...upgradeWarnings(skew),
  ...restartWarnings(skew),
];

const kubernetesWarning = ({ kubernetes, oldestKubernetes }: Skew): readonly string[] => {
  if (!isOlder(kubernetes, oldestKubernetes)) return [];
  return [`Kubernetes ${kubernetes} is older than ${oldestKubernetes}, the oldest that this Istio supports`];
};

const upgradeWarnings = ({ istiods, revision, version }: Skew): readonly string[] => {
  const target = parseVersion(version);
  return istiods
    .filter((istiod) => istiod.revision === revision && istiod.version !== '' && istiod.version !== version)
    .flatMap((istiod): readonly string[] => {
      const current = parseVersion(istiod.version);
      const change = `${istiod.name} goes from ${istiod.version} to ${version}`;
      if (target === undefined || current === undefined) return [change];
      if (difference(target, current) < 0) return [`${change}: a downgrade, which Istio does not support in place`];
      const steps = target[0] === current[0] ? target[1] - current[1] : Number.POSITIVE_INFINITY;
      if (steps <= 1) return [change];
      return [
        `${change}: more than one minor release at once, which Istio supports beside the old one only (--revision)`,
      ];
    });
};

/** Proxies take a new version when their pods are made anew, and not before. */
const restartWarnings = ({ proxies, revision, version }: Skew): readonly string[] => {
  const old = proxies.filter((each) => each.revision === revision && each.version !== '' && each.version !== version);
  if (old.length === 0) return [];
  const versions = [...new Set(old.map((each) => each.version))].toSorted().join(', ');
  const pods = old.length === 1 ? 'pod keeps its proxy' : 'pods keep their proxies';
  return [`${old.length} ${pods} of ${versions} until restarted: ${byNamespace(old)}`];
};
