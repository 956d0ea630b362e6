/** placeholder written with the model room */
export interface MeshConfig {
  readonly trustDomain: string;
}
