/** Bytes kept over several reads, in one buffer that grows by doubling. */
export class ByteStash {
  private buffer: Buffer = EMPTY;
  length = 0;

  append(bytes: Buffer, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, this.buffer.length * 2, 512));
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
    bytes.copy(this.buffer, this.length, start, end);
    this.length = length;
  }

  /** What is kept, without giving it up. */
  peek(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Gives the bytes away and starts anew. */
  take(): Buffer {
    const taken = this.peek();
    this.buffer = EMPTY;
    this.length = 0;
    return taken;
  }
}

const EMPTY = Buffer.alloc(0);
