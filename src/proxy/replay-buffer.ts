/** Envoy's buffer limit: a request with a bigger body is not retried. */
const MAX_BYTES = 1024 * 1024;

/** The part of a request's body that may have to be sent (again): before an attempt begins, and for retries. */
export class ReplayBuffer {
  pieces: Buffer[] = [];
  /** Whether bytes are kept after they were sent. */
  isKept = false;
  /** Too much to keep: what was sent cannot be sent again. */
  isLost = false;
  private bytes = 0;

  get isEmpty(): boolean {
    return this.pieces.length === 0;
  }

  /** Of what is kept, in bytes. */
  get size(): number {
    return this.bytes;
  }

  push(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.pieces.push(Buffer.from(bytes.subarray(start, end)));
    this.bytes += end - start;
  }

  /** An attempt has everything so far, these bytes included. */
  sent(bytes: Buffer, start: number, end: number): void {
    if (this.isKept && !this.isLost && this.bytes + end - start <= MAX_BYTES) {
      this.push(bytes, start, end);
      return;
    }
    if (this.isKept) this.isLost = true;
    if (this.pieces.length > 0) this.pieces = [];
  }
}
