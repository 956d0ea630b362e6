import type { Impact } from '../../traffic/difference/compare-answers.ts';
import type { Change, Difference } from '../../traffic/difference/difference.ts';
import type { AskedRequest, Result } from '../../traffic/explain/explanation.ts';
import { headline } from '../explain/pretty.ts';

/** All that `-o json` prints, for the other formats. */
export interface DifferenceDocument extends Difference {
  readonly summary: Readonly<Record<Impact | 'asked' | 'unchanged', number>>;
}

/** Counts requests, not groups of them. */
export const summaryOf = ({ changes, asked, unchanged }: Difference): DifferenceDocument['summary'] => {
  const count = (impact: Impact): number =>
    changes.filter((change) => change.impact === impact).reduce((sum, { requests }) => sum + requests.length, 0);
  return { asked, unchanged, breaking: count('breaking'), changed: count('changed'), additive: count('additive') };
};

/** `GET http://shop.com/cart end-user: jason`. */
export const requestText = ({ method, authority, path, headers, isTls }: AskedRequest): string =>
  [
    `${method} ${isTls ? 'https' : 'http'}://${authority}${path}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ].join('  ');

/** `from default/web`, `at gateway istio-system/istio-ingressgateway`. */
export const entryText = ({ from, gateway }: AskedRequest): string =>
  gateway === undefined ? `from ${from ?? 'the mesh'}` : `at gateway ${gateway}`;

/** A result in one line, with the cluster where no workload tells where it goes. */
export const resultText = (result: Result): string =>
  result.workloads.length > 0 || result.cluster === null
    ? headline(result)
    : `${headline(result)}  ${result.cluster}${sharesText(result)}`;

const sharesText = ({ outcomes = [] }: Result): string =>
  outcomes.length === 0
    ? ''
    : ` (${outcomes.map(({ probability, cluster }) => `${Math.round(probability * 1000) / 10} % ${cluster ?? '-'}`).join(', ')})`;

/** `= 1182 of 1190 requests are answered as before`. */
export const totalText = ({ summary, isWhole }: DifferenceDocument): string => {
  const { asked, unchanged, breaking, changed, additive } = summary;
  const counts = [
    [breaking, 'breaking'],
    [changed, 'changed'],
    [additive, 'answered now that were not'],
  ] as const;
  const parts = counts.flatMap(([count, name]) => (count === 0 ? [] : [`${count} ${name}`]));
  const rest = parts.length === 0 ? '' : `; ${parts.join(', ')}`;
  const limit = isWhole ? '' : '; there are more requests that rules tell apart, and they were not asked';
  return `${unchanged} of ${asked} requests are answered as before${rest}${limit}`;
};

/** How many requests of a change are shown beside its first. */
const MAX_SHOWN = 4;

/** The requests after the first, without what they share with it. */
export const othersOf = ({ requests }: Change): readonly string[] => {
  const [first, ...rest] = requests;
  const names = new Set(
    rest.map((asked) =>
      first !== undefined && requestText(asked) === requestText(first)
        ? entryText(asked)
        : `${requestText(asked)} ${entryText(asked)}`,
    ),
  );
  const shown = [...names].slice(0, MAX_SHOWN);
  return names.size > MAX_SHOWN ? [...shown, `${names.size - MAX_SHOWN} more`] : shown;
};
