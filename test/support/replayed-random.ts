// node:crypto for tests that run an actor's code again: the same bytes in the same order.
//
// 1. In the test file: vi.mock('node:crypto', () => import('../support/replayed-random.ts')).
// 2. Bytes differ from one stream to another, so that no two actors draw the same name or salt.

let state = 1;

/** From here on the bytes are those of stream `stream`, from its start. */
export function beginRandom(stream: number): void {
  state = Math.imul(stream + 1, 0x9e37_79b1) | 1;
}

export function randomBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let index = 0; index < size; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state >>> 11;
  }
  return bytes;
}
