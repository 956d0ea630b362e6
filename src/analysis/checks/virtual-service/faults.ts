import { parseDuration } from '../../../base/duration.ts';
import type { Resource } from '../../../model/resource.ts';
import type {
  VirtualServiceHttpFaultAbort as Abort,
  VirtualServiceHttpFaultDelay as Delay,
  VirtualService,
  VirtualServiceHttp,
} from '../../../model/schema/generated/types-istio.ts';
import { insertEntry } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { offerFix } from '../../offer-fix.ts';

/** Istio never takes an absent percentage for 100: the fault is configured, and drawn for none of the requests. */
const shareOf = ({ percentage }: Abort | Delay, deprecated = 0): number =>
  percentage === undefined ? deprecated : (percentage.value ?? 0);

const whyNever = (part: Abort | Delay, share: number): string | undefined => {
  if (share > 0) return undefined;
  return part.percentage?.value === undefined ? 'it has no percentage, which counts as 0' : 'its percentage is 0';
};

const NO_LENGTH = 'it has no fixedDelay';

// An exponential delay and an abort without a status are reported with the schema.
const whyDelayNever = (delay: Delay): string | undefined => {
  if (delay.fixedDelay !== undefined) return whyNever(delay, shareOf(delay, delay.percent));
  return delay.exponentialDelay === undefined ? NO_LENGTH : undefined;
};

const whyAbortNever = (abort: Abort): string | undefined =>
  abort.httpStatus === undefined && abort.grpcStatus === undefined ? undefined : whyNever(abort, shareOf(abort));

function* findNeverFiring(resource: Resource<VirtualService>, { fault }: VirtualServiceHttp): Iterable<Finding> {
  const reasons = {
    abort: fault?.abort === undefined ? undefined : whyAbortNever(fault.abort),
    delay: fault?.delay === undefined ? undefined : whyDelayNever(fault.delay),
  };
  for (const key of ['abort', 'delay'] as const) {
    const reason = reasons[key];
    if (fault === undefined || reason === undefined) continue;
    const place = {
      in: fault,
      key,
      part: 'key',
      effect: `no request is ${key === 'abort' ? 'aborted' : 'delayed'}: all pass as if the fault were not there`,
      ...(fault[key]?.percentage === undefined &&
        reason !== NO_LENGTH &&
        offerFix('inject the fault into every request', 'unsafe', [
          insertEntry(fault[key] ?? fault, 'percentage', { value: 100 }),
        ])),
      hint: reason === NO_LENGTH ? 'add fixedDelay' : 'set percentage.value, 100 for every request',
    } as const;
    yield finding('HED0040', resource, { fault: key, reason }, place);
  }
}

function* findUncutDelay(resource: Resource<VirtualService>, rule: VirtualServiceHttp): Iterable<Finding> {
  const { delay } = rule.fault ?? {};
  if (delay?.fixedDelay === undefined || rule.timeout === undefined || whyDelayNever(delay) !== undefined) return;
  const delayMs = parseDuration(delay.fixedDelay) ?? 0;
  const timeoutMs = parseDuration(rule.timeout) ?? 0;
  if (timeoutMs < 1 || delayMs < timeoutMs) return;
  const span = spanOf(rule, 'timeout');
  yield finding(
    'HED0041',
    resource,
    { delay: delay.fixedDelay, timeout: rule.timeout },
    {
      in: delay,
      key: 'fixedDelay',
      labels: span === undefined ? [] : [{ span, text: 'starts after the delay' }],
      effect: `a delayed request is answered after ${delay.fixedDelay}, not refused with 504 after ${rule.timeout}`,
      hint: 'to see a timeout, inject the delay where the service itself calls the next one',
    },
  );
}

/** Faults that Istio takes and never injects, and delays somebody expects a timeout to cut. */
export const faults = defineCheck({
  name: 'heddle.Faults',
  summary: 'Faults that never fire, and delays that the timeout beside them does not cut.',
  emits: ['HED0040', 'HED0041'],
  *run({ mesh }) {
    for (const resource of mesh.of('VirtualService')) {
      for (const rule of resource.object.spec?.http ?? []) {
        yield* findNeverFiring(resource, rule);
        yield* findUncutDelay(resource, rule);
      }
    }
  },
});
