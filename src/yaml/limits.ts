/** What one document may ask of the loader; every limit that is passed becomes one located `YAML_LIMIT` problem. */
export interface Limits {
  readonly documentBytes: number;
  /** Containers inside one another. */
  readonly depth: number;
  /** Aliases after expansion: an alias to something that holds aliases counts those again. */
  readonly aliases: number;
  /** Mapping entries of the whole document. */
  readonly keys: number;
}

/** Far above any honest configuration: etcd refuses objects above 1.5 MiB. */
export const DEFAULT_LIMITS: Limits = {
  documentBytes: 3 * 1024 * 1024,
  depth: 100,
  aliases: 100,
  keys: 50_000,
};
