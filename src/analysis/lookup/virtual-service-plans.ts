import type { Mesh } from '../../model/mesh.ts';
import { Report } from '../../traffic/compile/report.ts';
import { planVirtualServices, type VirtualServicePlan } from '../../traffic/compile/virtual-services.ts';

const known = new WeakMap<Mesh, readonly VirtualServicePlan[]>();

/** The VirtualServices that a cluster takes, compiled as the proxies' tables are; delegates stand inside their roots. */
export const virtualServicePlans = (mesh: Mesh): readonly VirtualServicePlan[] => {
  const found = known.get(mesh) ?? planVirtualServices(mesh, undefined, new Report());
  known.set(mesh, found);
  return found;
};
