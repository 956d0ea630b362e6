/** What a text may ask of the loader; every limit that is passed becomes one located `YAML_LIMIT` problem. */
export interface Limits {
  /** Documents of one text; one with more is not read at all. */
  readonly documents: number;
  /** Documents that do not parse; what follows the last of them is not read. */
  readonly brokenDocuments: number;
  /** UTF-8 bytes of one document. */
  readonly documentBytes: number;
  /** Containers inside one another. */
  readonly depth: number;
  /** Aliases after expansion: an alias to something that holds aliases counts those again. */
  readonly aliases: number;
  /** Mapping entries of one document. */
  readonly keys: number;
}

/** Far above any honest file: etcd refuses objects above 1.5 MiB, and a chart renders some hundred. */
export const DEFAULT_LIMITS: Limits = {
  documents: 20_000,
  brokenDocuments: 100,
  documentBytes: 3 * 1024 * 1024,
  depth: 100,
  aliases: 100,
  keys: 50_000,
};
