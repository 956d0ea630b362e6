import { Fault } from '../../../base/fault.ts';
import { parseCertificates } from '../../../ca/inspect.ts';
import { rootCertificatesOf } from '../../../envoy/secrets.ts';
import { type Context, defineCommand, texts } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { LOCAL, POD_OPTIONS, PROXY_EXIT_CODES } from '../../proxy-config/options.ts';
import type { PodAccess } from '../../proxy-config/pod-admin.ts';
import { openProxy, type ProxyAdmin } from '../../proxy-config/proxy-admin.ts';
import { readDump, requireSection } from '../../proxy-config/read-dump.ts';

const QUERY = 'mask=dynamic_active_secrets,dynamic_warming_secrets';

interface TrustedRoots {
  readonly proxy: string;
  /** SHA-256 of each certificate, upper case hexadecimal with colons. */
  readonly fingerprints: readonly string[];
}

const trustedRoots = async (proxy: ProxyAdmin): Promise<TrustedRoots> => {
  const pem = rootCertificatesOf(requireSection(proxy, await readDump(proxy, QUERY), 'SecretsConfigDump'));
  const certificates = parseCertificates(pem, `the secret ROOTCA of ${proxy.name}`);
  return { proxy: proxy.name, fingerprints: certificates.map((certificate) => certificate.fingerprint256) };
};

const openTwo = (
  pods: readonly string[],
  files: readonly string[],
  access: PodAccess & { readonly local: boolean },
  context: Context,
): readonly [ProxyAdmin, ProxyAdmin] => {
  const proxies = [
    ...files.map((file) => openProxy({ ...access, pod: undefined, file, local: false }, context)),
    ...pods.map((pod) => openProxy({ ...access, pod, file: undefined }, context)),
  ];
  const [first, second, ...more] = proxies;
  if (first !== undefined && second !== undefined && more.length === 0) return [first, second];
  throw new Fault(`two proxies are compared, not ${proxies.length}`, {
    kind: 'usage',
    code: 'WHICH_PROXY',
    hint: 'give two pods, two dumps (-f one.json -f other.json), or one of each',
  });
};

export const proxyConfigRootCaCompare = defineCommand({
  summary: 'Says whether two proxies trust a common root, without which no mutual TLS between them works.',
  examples: [
    ['heddle proxy-config rootca-compare web-1.shop deployment/pay.bank', 'of two pods'],
    ['heddle proxy-config rootca-compare -f one.json -f other.json', 'of two saved config dumps'],
  ],
  arguments: [
    { name: 'POD', summary: 'a proxy of a cluster: [pod/]NAME[.NAMESPACE]' },
    { name: 'OTHER', summary: 'the one to compare it with' },
  ],
  options: {
    files: texts('-f, --file <file>', 'a config dump, twice; - for standard input'),
    local: LOCAL,
    ...POD_OPTIONS,
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { ...PROXY_EXIT_CODES, 1: 'they trust no common root' },
  seeAlso: ['heddle proxy-config secret'],
  run: async (context, pods, { files, ...access }) => {
    const [one, other] = openTwo(pods, files, access, context);
    const proxies = [await trustedRoots(one), await trustedRoots(other)];
    const common = (proxies[0]?.fingerprints ?? []).filter((print) => proxies[1]?.fingerprints.includes(print));
    const [verdict, effect] =
      common.length > 0
        ? ['trust a common root', 'can be mutual TLS']
        : ['trust no common root', 'cannot be mutual TLS'];
    await printDocument(context, { kind: 'RootComparison', common, proxies }, () =>
      [
        `${one.name} and ${other.name} ${verdict}: between them there ${effect}\n`,
        ...proxies.flatMap(({ proxy, fingerprints }) => fingerprints.map((print) => `  ${proxy}: SHA-256 ${print}\n`)),
      ].join(''),
    );
    return common.length > 0 ? EXIT.ok : EXIT.failure;
  },
});
