import { removeEntry } from '../../../yaml/edit.ts';
import { defineCheck, finding } from '../../check.ts';
import { offerFix } from '../../offer-fix.ts';

/** What Istio reads only where it builds the way to a destination. */
const FORWARDING = ['timeout', 'retries', 'mirror', 'mirrors'] as const;

const EFFECTS: Readonly<Record<(typeof FORWARDING)[number], string>> = {
  timeout: 'the proxy answers itself at once: no timeout runs',
  retries: 'the proxy answers itself: nothing is sent that could be tried again',
  mirror: 'no copy of the request is sent',
  mirrors: 'no copy of the request is sent',
};

/** Settings of forwarding beside an answer that the proxy gives itself. */
export const unforwarded = defineCheck({
  name: 'heddle.Unforwarded',
  summary: 'Timeouts, retries and mirrors of rules that forward nothing.',
  emits: ['HED0046'],
  *run({ mesh }) {
    for (const resource of mesh.of('VirtualService')) {
      for (const rule of resource.object.spec?.http ?? []) {
        const answer = rule.redirect !== undefined ? 'redirect' : 'directResponse';
        // A rule with a route as well is refused as a whole.
        if (rule[answer] === undefined || (rule.route ?? []).length > 0) continue;
        for (const setting of FORWARDING) {
          if (rule[setting] === undefined) continue;
          const place = {
            in: rule,
            key: setting,
            part: 'key',
            effect: EFFECTS[setting],
            hint: `remove ${setting}`,
            ...offerFix(`remove ${setting}`, 'safe', [removeEntry(rule, setting)]),
          } as const;
          yield finding('HED0046', resource, { setting, answer }, place);
        }
      }
    }
  },
});
