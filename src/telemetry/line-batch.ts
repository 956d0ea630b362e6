export interface LineBatch {
  add(line: string): void;
  /** Writes what has gathered; does nothing when that is nothing. */
  flush(): void;
}

export interface LineBatchOptions {
  readonly write: (text: string) => void;
  /** Length (UTF-16 units, which for log lines is about bytes) beyond which a batch is written without being asked. */
  readonly maxBytes: number;
}

/** Gathers log lines into few writes. When a quiet batch is flushed is the caller's decision: no timer lives here. */
export const createLineBatch = ({ write, maxBytes }: LineBatchOptions): LineBatch => {
  let pending = '';
  const flush = (): void => {
    if (pending === '') return;
    const text = pending;
    pending = '';
    write(text);
  };
  return {
    add(line) {
      pending += line;
      if (pending.length >= maxBytes) flush();
    },
    flush,
  };
};
