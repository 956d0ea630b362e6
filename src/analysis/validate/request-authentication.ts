import type { Resource } from '../../model/resource.ts';
import type {
  RequestAuthentication,
  RequestAuthenticationJwtRule,
  RequestAuthenticationSpec,
} from '../../model/schema/generated/types-istio.ts';
import { isObject } from '../../model/value.ts';
import { reviewDuration } from './connection-policy.ts';
import type { Review } from './review.ts';
import { reviewAttachment } from './selection.ts';

export const reviewRequestAuthentication = (resource: Resource<RequestAuthentication>, review: Review): void => {
  const spec: RequestAuthenticationSpec = resource.object.spec ?? {};
  reviewAttachment(spec, review);
  for (const rule of spec.jwtRules ?? []) reviewJwtRule(rule, review);
};

const STRICT_HEADER = /^[-_A-Za-z0-9]+$/;

const reviewJwtRule = (rule: RequestAuthenticationJwtRule, review: Review): void => {
  const {
    issuer = '',
    jwks = '',
    fromCookies = [],
    fromHeaders = [],
    fromParams = [],
    outputClaimToHeaders = [],
  } = rule;
  const { audiences = [] } = rule;
  // The schema knows the field by two names.
  const uriKey = rule.jwksUri === undefined ? 'jwks_uri' : 'jwksUri';
  const uri = rule[uriKey] ?? '';
  audiences.forEach((audience, index) => {
    if (audience === '') review.refuse('an audience is empty', [audiences, index]);
  });
  if (issuer === '' && uri === '') review.refuse('a rule needs an issuer or a jwksUri', [rule]);
  if (uri !== '' && !/^https?:/i.test(uri)) {
    review.refuse(`jwksUri "${uri}" must begin with http:// or https://`, [rule, uriKey]);
  }
  if (jwks !== '') reviewJwks(rule, jwks, review);
  for (const location of fromHeaders) {
    if (location.name === '') review.refuse('a header to read tokens from needs a name', [location, 'name']);
  }
  for (const [names, what] of [
    [fromParams, 'query parameter'],
    [fromCookies, 'cookie'],
  ] as const) {
    names.forEach((name, index) => {
      if (name === '') review.refuse(`a ${what} to read tokens from needs a name`, [names, index]);
    });
  }
  for (const output of outputClaimToHeaders) {
    const { claim, header } = output;
    if (claim === '' || header === '') review.refuse('outputClaimToHeaders needs a claim and a header', [output]);
    else if (!STRICT_HEADER.test(header)) review.refuse(`"${header}" is no header name`, [output, 'header']);
  }
  reviewDuration(rule, 'timeout', review);
};

/** Fields that only the owner of a private or symmetric key has. */
const PRIVATE_FIELDS: readonly string[] = ['d', 'k'];

const parseKeys = (jwks: string): readonly unknown[] | undefined => {
  try {
    const value: unknown = JSON.parse(jwks);
    if (!isObject(value)) return undefined;
    const { keys } = value;
    if (keys === undefined) return value['kty'] === undefined ? [] : [value];
    return Array.isArray(keys) ? keys : undefined;
  } catch {
    // Any text may stand there; what is no JSON is refused like JSON that is no key set.
    return undefined;
  }
};

const isSound = (key: unknown): boolean => isObject(key) && typeof key['kty'] === 'string';

const reviewJwks = (rule: RequestAuthenticationJwtRule, jwks: string, review: Review): void => {
  const keys = parseKeys(jwks);
  if (keys === undefined || !keys.every(isSound)) {
    review.refuse('jwks is no JSON Web Key Set', [rule, 'jwks'], 'write {"keys": [...]} as RFC 7517 has it');
    return;
  }
  keys.forEach((key, index) => {
    if (!isObject(key) || !PRIVATE_FIELDS.some((field) => Object.hasOwn(key, field))) return;
    review.warn(`key ${index} of jwks is private: only public keys are needed`, [rule, 'jwks']);
  });
};
