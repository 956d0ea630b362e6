import { parseDuration } from '../../../base/duration.ts';
import type { Resource } from '../../../model/resource.ts';
import type {
  VirtualService,
  VirtualServiceHttp,
  VirtualServiceHttpRetries,
} from '../../../model/schema/generated/types-istio.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';

const wordsOf = ({ retryOn = '' }: VirtualServiceHttpRetries): readonly string[] =>
  retryOn
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** To Envoy a try that ran out of time is a reset, which only these conditions name. */
const TIMED_OUT: ReadonlySet<string> = new Set(['5xx', 'gateway-error', 'reset']);

const ON_CONNECTION = 'gateway-error,connect-failure,refused-stream';

/** Headers of the request that name status codes and headers to retry on; a rule may set them itself. */
const namesConditionsInHeaders = ({ headers }: VirtualServiceHttp): boolean =>
  Object.keys({ ...headers?.request?.set, ...headers?.request?.add }).some((name) =>
    name.toLowerCase().startsWith('x-envoy-retriable-'),
  );

/** Conditions that need values which the rule does not give. */
const emptyConditions = (
  rule: VirtualServiceHttp,
  words: readonly string[],
): readonly (readonly [string, string])[] => {
  if (namesConditionsInHeaders(rule)) return [];
  const hasCode = words.some((word) => /^\d+$/.test(word));
  return words.flatMap((word): readonly (readonly [string, string])[] => {
    if (word === 'retriable-status-codes' && !hasCode) return [[word, 'no status code is listed beside it']];
    return word === 'retriable-headers' ? [[word, 'a VirtualService cannot name the headers']] : [];
  });
};

function* findPerTry(
  resource: Resource<VirtualService>,
  rule: VirtualServiceHttp,
  retries: VirtualServiceHttpRetries,
  words: readonly string[],
): Iterable<Finding> {
  const { perTryTimeout } = retries;
  if (perTryTimeout === undefined) return;
  const perTryMs = parseDuration(perTryTimeout) ?? 0;
  const timeoutMs = parseDuration(rule.timeout ?? '') ?? 0;
  // What a root rule says, its delegates may say otherwise.
  if (timeoutMs >= 1 && perTryMs >= timeoutMs && rule.delegate === undefined) {
    const span = spanOf(rule, 'timeout');
    yield finding(
      'HED0045',
      resource,
      { perTryTimeout, timeout: rule.timeout ?? '' },
      {
        in: retries,
        key: 'perTryTimeout',
        labels: span === undefined ? [] : [{ span, text: 'ends all tries together' }],
        effect: 'a slow first try uses up the whole timeout, and no time is left for another',
        hint: 'make perTryTimeout a fraction of timeout',
      },
    );
    return;
  }
  if (words.some((word) => TIMED_OUT.has(word))) return;
  yield finding(
    'HED0043',
    resource,
    { perTryTimeout },
    {
      in: retries,
      key: 'perTryTimeout',
      effect: `a request not answered within ${perTryTimeout} fails with 504 at its first try`,
      hint: 'add gateway-error, 5xx or reset to retryOn',
    },
  );
}

function* findIneffective(resource: Resource<VirtualService>, rule: VirtualServiceHttp): Iterable<Finding> {
  const { retries } = rule;
  // Without attempts there is nothing to say: it is how retries are switched off.
  if (retries === undefined || (retries.attempts ?? 0) <= 0) return;
  const words = wordsOf(retries);
  const perTry = [...findPerTry(resource, rule, retries, words)];
  yield* perTry;
  if (words.length === 0 && perTry.length === 0) {
    yield finding(
      'HED0042',
      resource,
      {},
      {
        in: retries,
        key: 'attempts',
        effect: 'an answer of 5xx and a connection closed after the request was sent go straight back to the caller',
        hint: `add retryOn, for example "${ON_CONNECTION}"`,
      },
    );
  }
  for (const [condition, reason] of emptyConditions(rule, words)) {
    yield finding(
      'HED0044',
      resource,
      { condition, reason },
      {
        in: retries,
        key: 'retryOn',
        effect: 'the condition never holds: it causes no retry',
        hint:
          condition === 'retriable-headers'
            ? 'remove it'
            : 'add the status codes, as in "retriable-status-codes,503", or remove it',
      },
    );
  }
}

/** Retries that happen less often than the rule reads. */
export const retries = defineCheck({
  name: 'heddle.Retries',
  summary: 'Retries whose conditions never hold, and limits of a try that do not lead to another.',
  emits: ['HED0042', 'HED0043', 'HED0044', 'HED0045'],
  *run({ mesh }) {
    for (const resource of mesh.of('VirtualService')) {
      for (const rule of resource.object.spec?.http ?? []) yield* findIneffective(resource, rule);
    }
  },
});
