import type { Resource } from '../../model/resource.ts';
import type {
  TrafficExtension,
  TrafficExtensionWasm,
  WasmPlugin,
  WasmPluginMatch,
} from '../../model/schema/generated/types-istio.ts';
import type { Review } from './review.ts';
import { reviewAttachment } from './selection.ts';
import { isPort } from './text-rules.ts';

export const reviewWasmPlugin = (resource: Resource<WasmPlugin>, review: Review): void => {
  const { spec } = resource.object;
  reviewAttachment(spec, review);
  reviewModule(spec, review);
  reviewPorts(spec.match ?? [], review);
};

const MAX_SCRIPT_BYTES = 64 * 1024;

export const reviewTrafficExtension = (resource: Resource<TrafficExtension>, review: Review): void => {
  const { spec } = resource.object;
  const { lua, wasm } = spec;
  if ((lua === undefined) === (wasm === undefined)) {
    review.refuse('exactly one of wasm and lua must be set', [spec, lua === undefined ? undefined : 'lua', 'key']);
  }
  reviewAttachment(spec, review);
  if (lua?.inlineCode === '') review.refuse('inlineCode is empty', [lua, 'inlineCode']);
  if (lua !== undefined && new TextEncoder().encode(lua.inlineCode).length > MAX_SCRIPT_BYTES) {
    review.refuse('inlineCode is larger than 64 KiB', [lua, 'inlineCode']);
  }
  if (wasm !== undefined) reviewModule(wasm, review);
  reviewPorts(spec.match ?? [], review);
};

const SCHEMES: ReadonlySet<string> = new Set(['file', 'http', 'https', 'oci']);

/** Why Go would not parse a text as a URL, or Istio not fetch from it; a text without scheme is an image. */
const refuseUrl = (url: string): string | undefined => {
  if (url === '') return 'is empty';
  const [, scheme] = /^([a-z][a-z0-9+.-]*):/i.exec(url) ?? [];
  if (/%(?![0-9a-fA-F]{2})/.test(url)) return 'has a % that begins no escape';
  if (/[\s<>"{}|\\^`]/.test(url)) return 'holds a character that no URL has';
  if (scheme === undefined) return undefined;
  // `registry.example.com:5000/image` has a port and no scheme.
  if (/^[^/]+:\d+(?:\/|$)/.test(url)) return undefined;
  return SCHEMES.has(scheme.toLowerCase()) ? undefined : `has scheme "${scheme}", not oci, https, http or file`;
};

const SHA256 = /^[a-f0-9]{64}$/;

const reviewModule = (module: TrafficExtensionWasm, review: Review): void => {
  const { sha256 = '', url, vmConfig } = module;
  const refusal = refuseUrl(url);
  if (refusal !== undefined) review.refuse(`url "${url}" ${refusal}`, [module, 'url']);
  if (sha256 !== '' && !SHA256.test(sha256)) review.refuse('sha256 must be 64 of 0-9 and a-f', [module, 'sha256']);
  const names = new Set<string>();
  for (const variable of vmConfig?.env ?? []) {
    const { name, value = '', valueFrom = 'INLINE' } = variable;
    if (name === '') review.refuse('a variable needs a name', [variable, 'name']);
    if (names.has(name)) review.refuse(`variable ${name} is set twice`, [variable, 'name']);
    names.add(name);
    if (valueFrom === 'HOST' && value !== '') {
      review.refuse(`variable ${name} is taken from the host and has a value`, [variable, 'value', 'key']);
    }
  }
};

const reviewPorts = (matches: readonly WasmPluginMatch[], review: Review): void => {
  for (const port of matches.flatMap(({ ports = [] }) => ports)) {
    if (!isPort(port.number)) review.refuse(`port ${port.number} is not from 1 to 65535`, [port, 'number']);
  }
};
