import { defineCheck, finding } from '../../check.ts';
import { coversText } from '../../lookup/policy-text.ts';

/** A port that no list of hosts names by chance; a Host header may have any. */
const ANY_PORT = ':65535';

const isBypassed = (host: string, hosts: readonly string[]): boolean =>
  !host.endsWith('*') &&
  !/:\d+$/.test(host) &&
  !hosts.some((other) => coversText(other.toLowerCase(), `${host.toLowerCase()}${ANY_PORT}`));

/** No pattern has a star at both ends, so that a wildcard has no twin with a port. */
const hintFor = (host: string): string =>
  host.startsWith('*')
    ? 'add every host with its port, as in "www.example.com:*", or allow hosts instead of denying them'
    : `add "${host}:*" beside it`;

/** Hosts of DENY rules that a port in the Host header gets around: Istio compares the header as a whole. */
export const deniedHosts = defineCheck({
  name: 'heddle.DeniedHosts',
  summary: 'DENY rules for hosts that a port in the Host header gets around.',
  emits: ['HED0062'],
  *run({ mesh }) {
    for (const policy of mesh.of('AuthorizationPolicy')) {
      const { action, rules = [] } = policy.object.spec ?? {};
      if (action !== 'DENY') continue;
      for (const { operation } of rules.flatMap(({ to = [] }) => to)) {
        const hosts = operation?.hosts ?? [];
        for (const [key, host] of hosts.entries()) {
          if (!isBypassed(host, hosts)) continue;
          const place = {
            in: hosts,
            key,
            effect: `a request with Host ${host.replace(/^\*/, 'www')}:80 is not denied, and anybody can send one`,
            hint: hintFor(host),
          };
          yield finding('HED0062', policy, { host }, place);
        }
      }
    }
  },
});
