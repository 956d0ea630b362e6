import type { KubernetesObject } from './resource.ts';
export type KindTypes = Record<string, KubernetesObject>;
export type KindName = string;
