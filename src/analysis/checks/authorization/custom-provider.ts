import { DEFAULT_MESH_CONFIG } from '../../../model/mesh-config.ts';
import { setText } from '../../../yaml/edit.ts';
import { defineCheck, finding } from '../../check.ts';
import { createSuggester } from '../../lookup/near-names.ts';
import { offerFix } from '../../offer-fix.ts';

/** CUSTOM policies whose authorizer the mesh configuration does not define; nothing is said where it is not among the files. */
export const customProvider = defineCheck({
  name: 'heddle.CustomProvider',
  summary: 'AuthorizationPolicies with an external authorizer that the mesh configuration does not define.',
  emits: ['HED0065'],
  *run({ mesh }) {
    if (mesh.config === DEFAULT_MESH_CONFIG) return;
    const authorizers = mesh.config.extensionProviders
      .filter(({ envoyExtAuthzHttp, envoyExtAuthzGrpc }) => (envoyExtAuthzHttp ?? envoyExtAuthzGrpc) !== undefined)
      .flatMap(({ name }) => name ?? []);
    const suggest = createSuggester(authorizers);
    for (const policy of mesh.of('AuthorizationPolicy')) {
      const { action, provider } = policy.object.spec ?? {};
      const name = provider?.name ?? '';
      if (action !== 'CUSTOM' || provider === undefined || name === '' || authorizers.includes(name)) continue;
      const near = suggest(name);
      yield finding(
        'HED0065',
        policy,
        { provider: name },
        {
          in: provider,
          key: 'name',
          effect: 'every request that the rules match is denied with 403',
          hint:
            near === undefined ? 'add it to extensionProviders of the mesh configuration' : `did you mean "${near}"?`,
          ...(near !== undefined && offerFix(`ask ${near}`, 'unsafe', [setText(provider, 'name', near)])),
        },
      );
    }
  },
});
