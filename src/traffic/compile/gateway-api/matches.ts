import type {
  GRPCRouteRuleMatch,
  GRPCRouteRuleMatchHeader,
  GRPCRouteRuleMatchMethod,
  HTTPRouteRuleMatch,
} from '../../../model/schema/generated/types-gateway-api.ts';
import type { StringMatch, VirtualServiceHttpMatch } from '../../../model/schema/generated/types-istio.ts';
import { copyPosition } from '../../../yaml/located.ts';

/** A match of an HTTPRoute. Its prefix is one by segment, without a slash at its end. */
export const httpMatch = (written: HTTPRouteRuleMatch): VirtualServiceHttpMatch => {
  const { path, method, headers, queryParams } = written;
  const match: VirtualServiceHttpMatch = {
    uri: pathMatch(path?.type ?? 'PathPrefix', path?.value ?? '/'),
    ...(method === undefined ? {} : { method: { exact: method } }),
    headers: byName(headers),
    queryParams: byName(queryParams),
  };
  copyPosition(written, match);
  return match;
};

/** A match of a GRPCRoute: its path is `/SERVICE/METHOD`. */
export const grpcMatch = (written: GRPCRouteRuleMatch): VirtualServiceHttpMatch => {
  const { method, headers } = written;
  const match: VirtualServiceHttpMatch = {
    ...(method === undefined ? {} : { uri: methodMatch(method) }),
    headers: byName(headers),
  };
  copyPosition(written, match);
  return match;
};

const pathMatch = (type: 'Exact' | 'PathPrefix' | 'RegularExpression', value: string): StringMatch => {
  if (type === 'Exact') return { exact: value };
  if (type === 'RegularExpression') return { regex: value };
  return { prefix: value === '/' ? value : value.replace(/\/$/, '') };
};

const methodMatch = ({ type = 'Exact', service, method }: GRPCRouteRuleMatchMethod): StringMatch => {
  if (service === undefined) return { regex: `/[^/]+/${method ?? ''}` };
  if (type === 'RegularExpression') return { regex: `/${service}/${method ?? '.+'}` };
  return method === undefined ? { prefix: `/${service}/` } : { exact: `/${service}/${method}` };
};

const byName = (conditions: readonly GRPCRouteRuleMatchHeader[] = []): Readonly<Record<string, StringMatch>> =>
  Object.fromEntries(
    conditions.map(({ name, type, value }) => [
      name,
      type === 'RegularExpression' ? { regex: value } : { exact: value },
    ]),
  );
