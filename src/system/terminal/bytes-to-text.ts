// What is written to a stream, bytes or strings in turn, as well-formed text.
//
// 1. The stream is one run of bytes in UTF-8: a character may be cut by the end of a write. A string in
//    between stands for its bytes.
//
// Spec: spec/terminal.md, The screen. Test: test/system/terminal/bytes-to-text.test.ts.

export class BytesToText {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** The decoder may hold the first bytes of a character. */
  #isMidway = false;

  /** `encoding`: of a string, as Node names it. */
  decode(chunk: string | Uint8Array, encoding?: string): string {
    if (typeof chunk !== 'string') return this.#bytes(chunk);
    if (encoding !== undefined && !/^utf-?8$/i.test(encoding))
      return this.#bytes(Buffer.from(chunk, encoding as BufferEncoding));
    if (this.#isMidway) return this.#bytes(Buffer.from(chunk));
    return chunk.isWellFormed() ? chunk : chunk.toWellFormed();
  }

  #bytes(bytes: Uint8Array): string {
    if (bytes.length === 0) return '';
    this.#isMidway = (bytes[bytes.length - 1] as number) >= 0x80;
    return this.#decoder.decode(bytes, { stream: true });
  }

  /** The rest: a character that was never finished. */
  end(): string {
    this.#isMidway = false;
    return this.#decoder.decode();
  }
}
