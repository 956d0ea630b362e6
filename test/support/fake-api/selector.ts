import type { KubernetesObject } from '../../../src/cluster/cluster.ts';

/** Whether labels meet a label selector: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. */
export const matchesLabels = (selector: string, labels: Readonly<Record<string, string>>): boolean =>
  selector
    .split(/,(?![^(]*\))/)
    .filter((term) => term !== '')
    .every((term) => {
      const [, key = '', operator = '', list = ''] = /^\s*([^\s=!]+)\s+(in|notin)\s+\(([^)]*)\)\s*$/.exec(term) ?? [];
      if (operator !== '') {
        const isIn = key in labels && list.split(',').some((value) => value.trim() === labels[key]);
        return operator === 'in' ? isIn : !isIn;
      }
      const [, name = '', sign = '', value = ''] = /^\s*(!?[^=!\s]+)\s*(==?|!=)?\s*(.*?)\s*$/.exec(term) ?? [];
      if (sign === '!=') return labels[name] !== value;
      if (sign !== '') return labels[name] === value;
      return name.startsWith('!') ? !(name.slice(1) in labels) : name in labels;
    });

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined)?.[key], value);

/** Whether an object meets a field selector: `status.phase=Running,metadata.name!=a`. */
export const matchesFields = (selector: string, object: KubernetesObject): boolean =>
  selector
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [, path = '', sign = '', value = ''] = /^([^=!]+)(==?|!=)(.*)$/.exec(term) ?? [];
      return (String(at(object, path.split('.')) ?? '') === value) === (sign !== '!=');
    });
