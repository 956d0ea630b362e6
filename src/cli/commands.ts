import type { Command } from './command.ts';

/** One line of the table: enough for help and did-you-mean; `load` imports the command's file when it runs. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Needed now and then: the first page gives its name only. */
  readonly isOccasional?: boolean;
  readonly load: () => Promise<Command>;
}

/** Commands under one word: `heddle local up`. */
export interface CommandGroup {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** As of a command. */
  readonly isOccasional?: boolean;
  readonly commands: readonly CommandEntry[];
}

export interface Section {
  readonly title: string;
  readonly entries: readonly (CommandEntry | CommandGroup)[];
}

const local: CommandGroup = {
  name: 'local',
  summary: 'a mesh on this machine from plain YAML: up, status, curl, ...',
  commands: [
    { name: 'up', summary: 'run a mesh from YAML', load: async () => (await import('./commands/local/up.ts')).up },
    {
      name: 'status',
      summary: 'workloads, sidecars and where services listen',
      load: async () => (await import('./commands/local/status.ts')).status,
    },
    {
      name: 'curl',
      summary: 'send a request through a sidecar, and see its way',
      load: async () => (await import('./commands/local/curl.ts')).curl,
    },
    {
      name: 'run',
      summary: 'put a program of yours behind a sidecar',
      load: async () => (await import('./commands/local/run.ts')).run,
    },
    {
      name: 'logs',
      summary: 'access logs of the proxies',
      load: async () => (await import('./commands/local/logs.ts')).logs,
    },
    {
      name: 'tap',
      summary: 'requests as they finish',
      load: async () => (await import('./commands/local/tap.ts')).tap,
    },
    {
      name: 'top',
      summary: 'how often requests are made, how fast and how well',
      load: async () => (await import('./commands/local/top.ts')).top,
    },
    {
      name: 'reload',
      summary: 'read the input again',
      load: async () => (await import('./commands/local/reload.ts')).reload,
    },
    { name: 'down', summary: 'end the mesh', load: async () => (await import('./commands/local/down.ts')).down },
  ],
};

const ca: CommandGroup = {
  name: 'ca',
  isOccasional: true,
  summary: 'the certificate authority of the local mesh',
  commands: [
    { name: 'init', summary: 'make the root', load: async () => (await import('./commands/ca/init.ts')).caInit },
    {
      name: 'root',
      summary: 'print the root certificate',
      load: async () => (await import('./commands/ca/root.ts')).caRoot,
    },
    {
      name: 'issue',
      summary: 'a certificate for a workload, into files',
      load: async () => (await import('./commands/ca/issue.ts')).caIssue,
    },
    {
      name: 'inspect',
      summary: 'what certificates say: of a file, of a workload',
      load: async () => (await import('./commands/ca/inspect.ts')).caInspect,
    },
    {
      name: 'verify',
      summary: 'whether a certificate stands for a workload',
      load: async () => (await import('./commands/ca/verify.ts')).caVerify,
    },
    {
      name: 'rotate',
      summary: 'a new root; the one before is believed for a while',
      load: async () => (await import('./commands/ca/rotate.ts')).caRotate,
    },
    {
      name: 'serve',
      summary: "the authority on a port, for Istio's agents",
      load: async () => (await import('./commands/ca/serve.ts')).caServe,
    },
    {
      name: 'trust',
      summary: 'let programs of this machine trust the root',
      load: async () => (await import('./commands/ca/trust.ts')).caTrust,
    },
    {
      name: 'untrust',
      summary: 'take the root out of their stores again',
      load: async () => (await import('./commands/ca/untrust.ts')).caUntrust,
    },
  ],
};

const manifest: CommandGroup = {
  name: 'manifest',
  isOccasional: true,
  summary: 'the objects of an installation: generate, diff',
  commands: [
    {
      name: 'generate',
      summary: 'render an installation without a cluster',
      load: async () => (await import('./commands/manifest/generate.ts')).manifestGenerate,
    },
    {
      name: 'diff',
      summary: 'compare two manifests by object and field',
      load: async () => (await import('./commands/manifest/diff.ts')).manifestDiff,
    },
    {
      name: 'charts',
      summary: 'write the Helm charts behind it',
      load: async () => (await import('./commands/manifest/charts.ts')).manifestCharts,
    },
  ],
};

const tag: CommandGroup = {
  name: 'tag',
  isOccasional: true,
  summary: 'names of revisions that namespaces follow',
  commands: [
    {
      name: 'set',
      summary: 'create a tag, or move it',
      load: async () => (await import('./commands/tag/set.ts')).tagSet,
    },
    {
      name: 'generate',
      summary: 'print the objects of a tag',
      load: async () => (await import('./commands/tag/generate.ts')).tagGenerate,
    },
    {
      name: 'list',
      aliases: ['show'],
      summary: 'tags, their revisions and namespaces',
      load: async () => (await import('./commands/tag/list.ts')).tagList,
    },
    {
      name: 'remove',
      aliases: ['delete'],
      summary: 'remove a tag',
      load: async () => (await import('./commands/tag/remove.ts')).tagRemove,
    },
  ],
};

const profile: CommandGroup = {
  name: 'profile',
  isOccasional: true,
  summary: 'what it starts from: list, dump, diff',
  commands: [
    {
      name: 'list',
      summary: 'the profiles there are',
      load: async () => (await import('./commands/profile/list.ts')).profileList,
    },
    {
      name: 'dump',
      summary: 'the IstioOperator of a profile',
      load: async () => (await import('./commands/profile/dump.ts')).profileDump,
    },
    {
      name: 'diff',
      summary: 'in what two profiles differ',
      load: async () => (await import('./commands/profile/diff.ts')).profileDiff,
    },
  ],
};

const proxyConfig: CommandGroup = {
  name: 'proxy-config',
  aliases: ['pc'],
  summary: 'what an Envoy has: cluster, listener, route, ...',
  commands: [
    {
      name: 'all',
      aliases: ['a'],
      summary: 'everything a proxy has',
      load: async () => (await import('./commands/proxy-config/all.ts')).proxyConfigAll,
    },
    {
      name: 'bootstrap',
      aliases: ['b'],
      summary: 'what a proxy was started with',
      load: async () => (await import('./commands/proxy-config/bootstrap.ts')).proxyConfigBootstrap,
    },
    {
      name: 'cluster',
      aliases: ['clusters', 'c'],
      summary: 'where a proxy can send requests',
      load: async () => (await import('./commands/proxy-config/cluster.ts')).proxyConfigCluster,
    },
    {
      name: 'ecds',
      aliases: ['ec'],
      summary: 'extensions apart from listeners',
      load: async () => (await import('./commands/proxy-config/ecds.ts')).proxyConfigEcds,
    },
    {
      name: 'eds',
      summary: 'endpoints as istiod gave them',
      load: async () => (await import('./commands/proxy-config/eds.ts')).proxyConfigEds,
    },
    {
      name: 'endpoint',
      aliases: ['endpoints', 'ep'],
      summary: 'endpoints as a proxy uses them',
      load: async () => (await import('./commands/proxy-config/endpoint.ts')).proxyConfigEndpoint,
    },
    {
      name: 'listener',
      aliases: ['listeners', 'l'],
      summary: 'what a proxy accepts',
      load: async () => (await import('./commands/proxy-config/listener.ts')).proxyConfigListener,
    },
    {
      name: 'log',
      aliases: ['o'],
      summary: 'log levels',
      load: async () => (await import('./commands/proxy-config/log.ts')).proxyConfigLog,
    },
    {
      name: 'rootca-compare',
      aliases: ['rc'],
      summary: 'whether two proxies trust a common root',
      load: async () => (await import('./commands/proxy-config/rootca-compare.ts')).proxyConfigRootCaCompare,
    },
    {
      name: 'route',
      aliases: ['routes', 'r'],
      summary: 'routes and their VirtualServices',
      load: async () => (await import('./commands/proxy-config/route.ts')).proxyConfigRoute,
    },
    {
      name: 'secret',
      aliases: ['secrets', 's'],
      summary: 'certificates and how long they are valid',
      load: async () => (await import('./commands/proxy-config/secret.ts')).proxyConfigSecret,
    },
  ],
};

const authz: CommandGroup = {
  name: 'authz',
  isOccasional: true,
  summary: 'the AuthorizationPolicies of a proxy: check',
  commands: [
    {
      name: 'check',
      summary: 'which policies a proxy enforces',
      load: async () => (await import('./commands/authz/check.ts')).authzCheck,
    },
  ],
};

const describe: CommandGroup = {
  name: 'describe',
  aliases: ['des'],
  summary: 'what decides about a pod, service or route',
  commands: [
    {
      name: 'pod',
      aliases: ['po'],
      summary: 'services, rules, mutual TLS and policies of a pod',
      load: async () => (await import('./commands/describe/pod.ts')).describePod,
    },
    {
      name: 'service',
      aliases: ['svc'],
      summary: 'ports, DestinationRule and VirtualServices of a service',
      load: async () => (await import('./commands/describe/service.ts')).describeService,
    },
    {
      name: 'route',
      aliases: ['vs', 'virtualservice', 'httproute'],
      summary: 'who has a VirtualService or HTTPRoute, and where it leads',
      load: async () => (await import('./commands/describe/route.ts')).describeRoute,
    },
  ],
};

const injector: CommandGroup = {
  name: 'injector',
  isOccasional: true,
  summary: 'sidecar injectors of a cluster: list',
  commands: [
    {
      name: 'list',
      summary: 'injectors, whom they serve, and which pods need a restart',
      load: async () => (await import('./commands/injector/list.ts')).injectorList,
    },
  ],
};

const waypoint: CommandGroup = {
  name: 'waypoint',
  isOccasional: true,
  summary: 'waypoints of ambient namespaces: apply, list, ...',
  commands: [
    {
      name: 'apply',
      summary: 'create or change a waypoint',
      load: async () => (await import('./commands/waypoint/apply.ts')).waypointApply,
    },
    {
      name: 'list',
      summary: 'waypoints, and whether they take requests',
      load: async () => (await import('./commands/waypoint/list.ts')).waypointList,
    },
    {
      name: 'status',
      summary: 'why waypoints are not ready',
      load: async () => (await import('./commands/waypoint/status.ts')).waypointStatus,
    },
    {
      name: 'delete',
      summary: 'remove waypoints',
      load: async () => (await import('./commands/waypoint/delete.ts')).waypointDelete,
    },
    {
      name: 'generate',
      summary: 'print the Gateway of a waypoint',
      load: async () => (await import('./commands/waypoint/generate.ts')).waypointGenerate,
    },
  ],
};

const admin: CommandGroup = {
  name: 'admin',
  aliases: ['istiod'],
  isOccasional: true,
  summary: 'the istiods themselves: log',
  commands: [
    {
      name: 'log',
      aliases: ['l'],
      summary: 'log levels',
      load: async () => (await import('./commands/admin/log.ts')).adminLog,
    },
  ],
};

/**
 * Every command there is, by task. One more command is one more file in `commands/` that exports a `Command`, and one
 * more line here; several verbs under one word are a `CommandGroup`, whose file may export several commands.
 */
export const SECTIONS: readonly Section[] = [
  { title: 'Run', entries: [local] },
  {
    title: 'Write & check',
    entries: [
      {
        name: 'analyze',
        aliases: ['lint'],
        summary: 'findings about Istio configuration, of files or a cluster',
        load: async () => (await import('./commands/analyze.ts')).analyze,
      },
      {
        name: 'validate',
        summary: 'whether a cluster would take these objects, and who refuses',
        load: async () => (await import('./commands/validate.ts')).validate,
      },
      {
        name: 'kube-inject',
        aliases: ['inject'],
        summary: 'sidecars for the workloads of files',
        load: async () => (await import('./commands/kube-inject.ts')).kubeInject,
      },
      {
        name: 'uninject',
        isOccasional: true,
        summary: 'the same files without their sidecars',
        load: async () => (await import('./commands/uninject.ts')).uninject,
      },
      {
        name: 'explain',
        summary: 'why a request goes where it goes; what a code or flag means',
        load: async () => (await import('./commands/explain.ts')).explain,
      },
      {
        name: 'test',
        summary: 'assertions about routing and authorization, with coverage',
        load: async () => (await import('./commands/test.ts')).test,
      },
      {
        name: 'diff',
        summary: 'which requests two configurations treat differently',
        load: async () => (await import('./commands/diff.ts')).diff,
      },
      {
        name: 'tls-check',
        summary: 'who speaks mutual TLS to whom, and what decides it',
        load: async () => (await import('./commands/tls-check.ts')).tlsCheck,
      },
    ],
  },
  {
    title: 'Operate',
    entries: [
      {
        name: 'install',
        aliases: ['apply'],
        summary: 'Istio on a cluster: plan, ask, apply, wait',
        load: async () => (await import('./commands/install.ts')).install,
      },
      {
        name: 'upgrade',
        summary: 'Istio on a cluster: plan, ask, apply, wait',
        load: async () => (await import('./commands/upgrade.ts')).upgrade,
      },
      {
        name: 'uninstall',
        summary: 'Istio on a cluster: plan, ask, apply, wait',
        load: async () => (await import('./commands/uninstall.ts')).uninstall,
      },
      {
        name: 'precheck',
        summary: 'whether Istio can be installed, and works',
        load: async () => (await import('./commands/precheck.ts')).precheck,
      },
      {
        name: 'verify-install',
        isOccasional: true,
        summary: 'whether Istio can be installed, and works',
        load: async () => (await import('./commands/verify-install.ts')).verifyInstall,
      },
      {
        name: 'check',
        summary: 'whether Istio can be installed, and works',
        load: async () => (await import('./commands/check.ts')).check,
      },
      tag,
      manifest,
      profile,
      ca,
      waypoint,
      {
        name: 'remote-clusters',
        isOccasional: true,
        summary: 'the clusters that istiods read',
        load: async () => (await import('./commands/remote-clusters.ts')).remoteClusters,
      },
    ],
  },
  {
    title: 'Look',
    entries: [
      {
        name: 'proxy-status',
        aliases: ['ps'],
        summary: 'whether proxies have what istiod wants, and why not',
        load: async () => (await import('./commands/proxy-status.ts')).proxyStatus,
      },
      proxyConfig,
      {
        name: 'version',
        summary: 'the versions of client, control plane and proxies',
        load: async () => (await import('./commands/version.ts')).version,
      },
      describe,
      authz,
      {
        name: 'wait',
        isOccasional: true,
        summary: 'wait until an object, or its end, has reached the proxies',
        load: async () => (await import('./commands/wait.ts')).wait,
      },
      {
        name: 'check-inject',
        isOccasional: true,
        summary: 'whether a pod gets a sidecar, and which label decides it',
        load: async () => (await import('./commands/check-inject.ts')).checkInject,
      },
      injector,
      admin,
      {
        name: 'metrics',
        isOccasional: true,
        summary: 'requests, errors and latencies of workloads, from Prometheus',
        load: async () => (await import('./commands/metrics.ts')).metrics,
      },
      {
        name: 'dashboard',
        aliases: ['dash'],
        isOccasional: true,
        summary: 'web pages of Kiali, Grafana, Envoy, istiod, ...',
        load: async () => (await import('./commands/dashboard.ts')).dashboard,
      },
      {
        name: 'bug-report',
        isOccasional: true,
        summary: 'everything about a sick mesh in one archive, without secrets',
        load: async () => (await import('./commands/bug-report.ts')).bugReport,
      },
    ],
  },
];

export const isGroup = (entry: CommandEntry | CommandGroup): entry is CommandGroup => 'commands' in entry;
