import { suggest } from '../../base/distance.ts';
import type { IstioOperator } from '../../model/kinds.ts';
import type { Resource } from '../../model/resource.ts';
import type { Review } from './review.ts';

const FIELDS: readonly string[] = [
  'profile',
  'installPackagePath',
  'hub',
  'tag',
  'namespace',
  'revision',
  'compatibilityVersion',
  'meshConfig',
  'components',
  'values',
  'unvalidatedValues',
];
const COMPONENTS: readonly string[] = [
  'base',
  'pilot',
  'cni',
  'ztunnel',
  'istiodRemote',
  'ingressGateways',
  'egressGateways',
];

const reviewKeys = (holder: object, known: readonly string[], path: string, review: Review): void => {
  for (const key of Object.keys(holder)) {
    if (known.includes(key)) continue;
    const near = suggest(key, known);
    review.refuse(
      `unknown field "${path}.${key}"`,
      [holder, key, 'key'],
      near === undefined ? undefined : `did you mean "${near}"?`,
    );
  }
};

/** The file of an installation is read by the installer alone, which knows its fields. */
export const reviewIstioOperator = ({ object }: Resource<IstioOperator>, review: Review): void => {
  const spec = object.spec ?? {};
  reviewKeys(spec, FIELDS, 'spec', review);
  const components = spec['components'];
  if (typeof components === 'object' && components !== null)
    reviewKeys(components, COMPONENTS, 'spec.components', review);
};
