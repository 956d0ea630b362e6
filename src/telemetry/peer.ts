/** What metrics, logs and policies know about one end of a connection; `unknown` strings follow Istio. */
export interface Peer {
  readonly workload: string;
  readonly namespace: string;
  readonly app: string;
  readonly version: string;
  readonly canonicalService: string;
  readonly canonicalRevision: string;
  readonly serviceAccount: string;
  readonly cluster: string;
}
