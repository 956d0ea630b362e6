import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { indexGatewayPods, selectorPlace, selectsNothing } from '../../lookup/gateway-pods.ts';
import { selectorText } from '../../lookup/pods.ts';

/** Istio's `gateway.IngressGatewayPortAnalyzer`. */
export const gatewayPorts = defineCheck({
  name: 'gateway.IngressGatewayPortAnalyzer',
  summary: 'Gateways that select no pods, or listen on ports that no Service of their pods has.',
  emits: ['IST0101', 'IST0162'],
  *run(input) {
    const podsOf = indexGatewayPods(input);
    for (const gateway of input.mesh.of('Gateway')) {
      const { selector = {}, servers = [] } = gateway.object.spec ?? {};
      const { namespaces, ports } = podsOf(selector);
      if (namespaces.length === 0) {
        yield selectsNothing(gateway, selector);
        continue;
      }
      for (const { port } of servers) {
        // Port 0 stands for a port that is missing, and is refused anyway.
        if (port.number === 0 || ports.has(port.number)) continue;
        const span = spanOf(port, 'number');
        const values = { port: `${port.number}`, selector: selectorText(selector) || 'no label' };
        yield finding('IST0162', gateway, values, {
          ...selectorPlace(selector),
          labels: span === undefined ? [] : [{ span, text: 'the port' }],
          effect: 'clients outside the cluster cannot reach the port',
          hint: `add port ${port.number} to a Service that selects the pods`,
        });
      }
    }
  },
});
