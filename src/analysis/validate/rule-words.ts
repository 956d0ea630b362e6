const EXCLUSIVE = 'may set only one of';
const URL_SCHEME = 'must be an image or a URL with scheme oci, https, http or file';

/** What the rules of Istio's definitions mean, as the end of a sentence about the value. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['(has(self.selector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1', `${EXCLUSIVE} selector and targetRefs`],
  [
    '(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
    `${EXCLUSIVE} selector, targetRef and targetRefs`,
  ],
  [
    '(has(self.workloadSelector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
    `${EXCLUSIVE} workloadSelector and targetRefs`,
  ],
  [
    '(has(self.workloadSelector) ? 1 : 0) + (has(self.endpoints) ? 1 : 0) <= 1',
    `${EXCLUSIVE} workloadSelector and endpoints`,
  ],
  [
    '(has(self.tlsCertificates) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1',
    `${EXCLUSIVE} tlsCertificates and credentialNames`,
  ],
  [
    '(has(self.credentialNames) ? 1 : 0) + (has(self.tlsCertificates) ? 1 : 0) <= 1',
    `${EXCLUSIVE} tlsCertificates and credentialNames`,
  ],
  [
    '(has(self.credentialName) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1',
    `${EXCLUSIVE} credentialName and credentialNames`,
  ],
  [
    '(has(self.jwksUri) ? 1 : 0) + (has(self.jwks_uri) ? 1 : 0) + (has(self.jwks) ? 1 : 0) <= 1',
    `${EXCLUSIVE} jwksUri and jwks`,
  ],
  ['has(self.wasm) != has(self.lua)', 'must set exactly one of wasm and lua'],
  [
    'has(self.context) ? ((self.context == "WAYPOINT") ? has(self.waypoint) : !has(self.waypoint)) : !has(self.waypoint)',
    'must set waypoint with context WAYPOINT and with no other',
  ],
  ['self.all(key, !key.contains("*"))', 'knows no wildcards in label names'],
  ['self.all(key, key.size() != 0)', 'has a label without a name'],
  ['!self.contains("*")', 'knows no wildcards'],
  ['self.size() == 0', 'must not be set: the target is always in the namespace of the object'],
  [
    '(has(self.valueFrom) ? self.valueFrom : "") != "HOST" || !has(self.value)',
    'has a value and takes it from the host',
  ],
  ['0 < self && self <= 65535', 'must be from 1 to 65535'],
  ['self != "*"', 'must not be "*"'],
  ['self.all(l1, self.exists_one(l2, l1.number == l2.number))', 'lists a port number twice'],
  [
    '!((has(self.addresses) ? self.addresses : []).exists(k, k.contains("/")) && !((has(self.resolution) ? self.resolution : "NONE") in ["STATIC", "NONE"]))',
    'may have address blocks with resolution NONE or STATIC only',
  ],
  [
    '((has(self.resolution) ? self.resolution : "NONE") == "NONE") ? !has(self.endpoints) : true',
    'cannot have endpoints with resolution NONE',
  ],
  [
    '((has(self.resolution) ? self.resolution : "") == "DNS_ROUND_ROBIN") ? ((has(self.endpoints) ? self.endpoints : []).size() <= 1) : true',
    'can have one endpoint with resolution DNS_ROUND_ROBIN',
  ],
  ['has(self.address) || has(self.network)', 'needs an address or a network'],
  [
    '(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true',
    'is on a socket, which has no ports',
  ],
  [
    'self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true',
    'must be an absolute path or an abstract socket (unix://@name)',
  ],
  ['self.startsWith("unix://") ? !self.endsWith("/") : true', 'must be a socket, not a directory'],
  [
    'self.all(key, size(key) < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))',
    'has a port name that is no DNS label',
  ],
  ['self in ["", "HTTP", "HTTPS"]', 'must be HTTP or HTTPS'],
  [
    '(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) && !has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true',
    'sets serviceAccounts, which exclude principals and namespaces',
  ],
  ['self.all(key, 0 < int(key) && int(key) <= 65535)', 'has a key that is no port number'],
  [
    'has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? self.selector.matchLabels : {}).size() > 0) : true',
    'sets portLevelMtls, which needs a selector',
  ],
  ['url(self).getScheme() in ["http", "https"]', 'must begin with http:// or https://'],
  ['((has(self.operation) ? self.operation : "") == "UPSERT") ? (self.value != "") : true', 'needs a value to set'],
  ['((has(self.operation) ? self.operation : "") == "REMOVE") ? !has(self.value) : true', 'is removed and has a value'],
]);

/** What is wrong with a value that breaks a rule, as the end of a sentence; rules without words of ours speak themselves. */
export const wordsOf = (rule: string): string => {
  const known = WORDS.get(rule);
  if (known !== undefined) return known;
  if (rule.includes('isURL(self)')) return URL_SCHEME;
  const text = rule.replaceAll(/\s+/g, ' ');
  return `must obey ${text.length > 160 ? `${text.slice(0, 157)}...` : text}`;
};
