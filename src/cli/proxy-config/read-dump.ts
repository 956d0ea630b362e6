import { Fault } from '../../base/fault.ts';
import type { Problem } from '../../base/problem.ts';
import {
  type ConfigDump,
  missingSection,
  readConfigDump,
  type SectionName,
  sectionOf,
} from '../../envoy/config-dump.ts';
import type { JsonObject } from '../../envoy/json.ts';
import { parseJson } from '../../envoy/parse-json.ts';
import type { ProxyAdmin } from './proxy-admin.ts';

const refuse = (name: string, { code, message, hint }: Problem): Fault =>
  new Fault(`${name} ${message}`, { kind: 'input', code, ...(hint === undefined ? {} : { hint }) });

/** The JSON value of an answer; an input Fault where it is none. */
export const readAnswer = (name: string, text: string): unknown => {
  const parsed = parseJson(text);
  if ('problem' in parsed) throw refuse(name, parsed.problem);
  return parsed.value;
};

/** A proxy's config dump with the part a query asks for; an input Fault where the answer is none. */
export const readDump = async (proxy: ProxyAdmin, query: string): Promise<ConfigDump> => {
  const dump = readConfigDump(readAnswer(proxy.name, await proxy.configDump(query)));
  if ('severity' in dump) throw refuse(proxy.name, dump);
  return dump;
};

/** A section that has to be there; an input Fault that says what is there instead. */
export const requireSection = (proxy: ProxyAdmin, dump: ConfigDump, name: SectionName): JsonObject => {
  const section = sectionOf(dump, name);
  if (section === undefined) throw refuse(proxy.name, missingSection(dump, name));
  return section;
};

/** Items of a section, of which there has to be one: istioctl fails on a proxy without clusters as well. */
export const requireSome = (proxy: ProxyAdmin, items: readonly JsonObject[], what: string): readonly JsonObject[] => {
  if (items.length > 0) return items;
  throw refuse(proxy.name, {
    severity: 'error',
    code: 'NOTHING_FOUND',
    message: `has no ${what}`,
    hint: 'check that the proxy was connected to istiod when the dump was taken',
  });
};
