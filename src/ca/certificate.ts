/** A workload's certificate with its key, as PEM; `chainPem` begins with the certificate and ends below the root. */
export interface WorkloadCertificate {
  readonly spiffeId: string;
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly chainPem: string;
  readonly keyPem: string;
}

/** What a TLS end needs: its own certificate and the roots it trusts. Replaced whole at rotation. */
export interface Identity {
  readonly certificate: WorkloadCertificate;
  readonly rootsPem: string;
}
