import type { StringMatch } from '../../../model/schema/generated/types-istio.ts';
import { qualifyGateway } from '../../../traffic/compile/names.ts';
import { normalizePath, type PathNormalization } from '../../../traffic/path.ts';
import { defineCheck, finding } from '../../check.ts';
import { labelOf } from '../../lookup/written-rules.ts';

/** What keeps a pattern from holding for any path; undefined if something may pass. A path has no query here. */
const whyNever = (uri: StringMatch, normalization: PathNormalization): string | undefined => {
  const text = uri.exact ?? uri.prefix;
  // `*` is the target of OPTIONS.
  if (text === undefined || text === '' || (uri.exact !== undefined && text === '*')) return undefined;
  if (!text.startsWith('/')) return 'every path begins with "/"';
  if (text.includes('?')) return 'paths are compared without their query';
  if (text.includes('#')) return 'fragments are cut before paths are compared';
  if (uri.exact === undefined || uri.regex !== undefined) return undefined;
  const normal = normalizePath(text, normalization);
  if (!('path' in normal)) return 'such a path is refused with 400';
  return normal.path === text
    ? undefined
    : `paths are normalized before they are compared: this one to "${normal.path}"`;
};

const hintOf = (uri: StringMatch): string => {
  const text = uri.exact ?? uri.prefix ?? '';
  if (!text.startsWith('/')) return `write "/${text}"`;
  return text.includes('?') ? 'match the query with queryParams' : 'write the path as it is after normalization';
};

/** Matches no request can meet, for what they ask of the path or of the gateway. */
export const impossibleMatch = defineCheck({
  name: 'heddle.ImpossibleMatch',
  summary: 'Matches of VirtualServices that never hold: paths that no request has, gateways the object is not for.',
  emits: ['HED0018', 'HED0019'],
  *run({ mesh }) {
    for (const resource of mesh.of('VirtualService')) {
      const { hosts = [], gateways = [], http = [], tcp = [], tls = [] } = resource.object.spec ?? {};
      const own = (gateways.length === 0 ? ['mesh'] : gateways).map((one) => qualifyGateway(one, resource.namespace));
      const rules = [...http, ...tcp, ...tls].flatMap((rule) =>
        (rule.match ?? []).map((match) => match.gateways ?? []),
      );
      for (const asked of hosts.length === 0 ? [] : rules) {
        // Without hosts it is a delegate, and for the gateways of whoever delegates to it.
        if (asked.length === 0 || asked.some((one) => own.includes(qualifyGateway(one, resource.namespace)))) continue;
        yield finding(
          'HED0018',
          resource,
          { asked: asked.join(', '), gateways: own.join(', ') },
          {
            in: asked,
            key: 0,
            effect: 'the match never holds',
            hint: 'add the gateway to spec.gateways, or ask for one that is there',
          },
        );
      }
      for (const [index, rule] of http.entries()) {
        for (const { uri } of rule.match ?? []) {
          const why = uri && whyNever(uri, mesh.config.pathNormalization.normalization);
          if (uri === undefined || why === undefined) continue;
          const path = uri.exact ?? uri.prefix ?? '';
          yield finding(
            'HED0019',
            resource,
            { path, rule: labelOf(rule, index), why },
            {
              in: uri,
              key: uri.exact === undefined ? 'prefix' : 'exact',
              effect: 'the match never holds, requests go on to later rules',
              hint: hintOf(uri),
            },
          );
        }
      }
    }
  },
});
