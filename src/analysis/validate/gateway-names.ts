import type { At, Review } from './review.ts';
import { isDnsLabel, refuseFqdn } from './text-rules.ts';

/** References of a VirtualService to gateways. The webhook reads no further once a name has no namespace. */
export const reviewGatewayNames = (names: readonly string[], review: Review): void => {
  for (const [index, reference] of names.entries()) {
    const at: At = [names, index];
    const slash = reference.indexOf('/');
    if (slash < 0) {
      const [name = '', namespace] = reference.split('.');
      if (namespace !== undefined) {
        review.warn(`gateway "${reference}" is an old form: write ${namespace}/${name}`, at);
      }
      const refusal = refuseFqdn(reference);
      if (refusal !== undefined) review.refuse(`gateway "${reference}" ${refusal}`, at);
      return;
    }
    const [namespace, name] = [reference.slice(0, slash), reference.slice(slash + 1)];
    if (namespace === '' || name === '') review.refuse(`gateway "${reference}" lacks a namespace or a name`, at);
    else if (!isDnsLabel(namespace)) review.refuse(`gateway "${reference}": "${namespace}" is no namespace`, at);
    else if (!isDnsLabel(name)) review.refuse(`gateway "${reference}": "${name}" is no DNS label`, at);
  }
};
