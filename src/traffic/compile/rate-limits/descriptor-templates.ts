/** How requests are described to rate limits: the actions of Envoy's RateLimit message. */
import type { Resource } from '../../../model/resource.ts';
import type { DescriptorPart, DescriptorTemplate } from '../../rate-limit.ts';
import { compileRegex } from '../../regex.ts';
import type { HeaderMatcher, StringMatcher } from '../../tables.ts';
import type { Report } from '../report.ts';
import type { EnvoyMessage } from './envoy-message.ts';

/** Reads RateLimit messages; an action that is not carried describes no request, and is reported. */
export const readTemplates = (
  messages: readonly EnvoyMessage[],
  resource: Resource,
  report: Report,
): readonly DescriptorTemplate[] =>
  messages.flatMap((message) => {
    // Envoy's filter leaves out what a runtime key may switch off.
    if ((message.text('disable_key') ?? '') !== '') return [];
    const parts = message.messages('actions').map((action) => readPart(action, resource, report));
    const template = { stage: message.number('stage') ?? 0, parts };
    message.reportRest('requests are described without it');
    return [template];
  });

const readPart = (action: EnvoyMessage, resource: Resource, report: Report): DescriptorPart => {
  const [name = ''] = action.names;
  const body = action.message(name);
  const key = body?.text('descriptor_key') ?? '';
  const value = body?.text('descriptor_value') ?? '';
  switch (name) {
    case 'generic_key':
      return { kind: 'constant', key: key === '' ? 'generic_key' : key, value };
    case 'request_headers':
      return {
        kind: 'header',
        key,
        name: (body?.text('header_name') ?? '').toLowerCase(),
        isOptional: body?.flag('skip_if_absent') ?? false,
      };
    case 'query_parameters':
      return {
        kind: 'query',
        key,
        name: body?.text('query_parameter_name') ?? '',
        isOptional: body?.flag('skip_if_absent') ?? false,
      };
    case 'remote_address':
      return { kind: 'remote-address', key: 'remote_address' };
    case 'destination_cluster':
      return { kind: 'cluster', key: 'destination_cluster' };
    case 'header_value_match': {
      const matchers = (body?.messages('headers') ?? []).map(readHeaderMatcher);
      if (matchers.includes(undefined)) return unsupported(action, name, resource, report);
      return {
        kind: 'headers',
        key: key === '' ? 'header_match' : key,
        value,
        matchers: matchers.flatMap((matcher) => matcher ?? []),
        isExpected: body?.flag('expect_match') ?? true,
      };
    }
    default:
      return unsupported(action, name, resource, report);
  }
};

const unsupported = (action: EnvoyMessage, name: string, resource: Resource, report: Report): DescriptorPart => {
  report.unsupportedField(
    resource,
    `action ${name}`,
    'it describes no request, and its limit holds for none',
    action.at,
  );
  return { kind: 'none' };
};

/** Undefined for a way to match that is not carried. */
const readHeaderMatcher = (message: EnvoyMessage): HeaderMatcher | undefined => {
  const name = (message.text('name') ?? '').toLowerCase();
  const invert = message.flag('invert_match') ?? false;
  const present = message.flag('present_match');
  if (present !== undefined) {
    return { name, value: { kind: 'present' }, invert: invert === present, matchesAbsent: true };
  }
  const value =
    readStringMatcher(message.message('string_match') ?? message, '') ?? readStringMatcher(message, '_match');
  return value === undefined ? undefined : { name, value, invert, matchesAbsent: true };
};

const readStringMatcher = (message: EnvoyMessage, suffix: '' | '_match'): StringMatcher | undefined => {
  for (const kind of ['exact', 'prefix', 'suffix', 'contains'] as const) {
    const value = message.text(`${kind}${suffix}`);
    if (value !== undefined) return { kind, value };
  }
  const source = message.message(`safe_regex${suffix}`)?.text('regex');
  const regex = source === undefined ? undefined : compileRegex(source);
  if (regex === undefined || 'refused' in regex) return undefined;
  return { kind: 'regex', source: regex.source, test: regex.test };
};
