// Hearing writes: the original first and untouched, each write once, whatever else is patched over,
// under or in between, and nothing of ours left behind.

import { Writable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen, writeUnheard } from '../../../src/system/terminal/written.ts';

const real = { stdout: process.stdout, stderr: process.stderr };
let printed: string[] = [];
let heard: string[] = [];

const note = (stream: string, chunk: string | Uint8Array, encoding?: string): void => {
  heard.push(`${stream} ${String(chunk)}${encoding === undefined ? '' : ` ${encoding}`}`);
};

function replace(name: 'stdout' | 'stderr', value: unknown): void {
  Object.defineProperty(process, name, { value, configurable: true, writable: true });
}

beforeEach(() => {
  printed = [];
  heard = [];
  const stream = (): Writable =>
    new Writable({
      highWaterMark: 8,
      write(chunk: Buffer, _, done) {
        printed.push(chunk.toString());
        done();
      },
    });
  replace('stdout', stream());
  replace('stderr', stream());
});

afterEach(() => {
  replace('stdout', real.stdout);
  replace('stderr', real.stderr);
});

/** Patches `write` of stdout, as loggers do; puts back what was there. */
function patch(by: (write: (text: string) => boolean, text: string) => boolean): () => void {
  const before = process.stdout.write;
  process.stdout.write = ((text: string) =>
    by((each) => before.call(process.stdout, each), text)) as typeof process.stdout.write;
  return () => {
    process.stdout.write = before;
  };
}

describe('a write', () => {
  it('is heard after it was done, of both streams, with its encoding', () => {
    const stop = listen((...args) => {
      expect(printed).not.toEqual([]);
      note(...args);
    });
    process.stdout.write('a');
    process.stderr.write('6263', 'hex');
    process.stdout.write(Buffer.from('d'));
    process.stdout.write(new Uint8Array([0x65]));
    process.stdout.write('f', () => {});
    stop();
    process.stdout.write('g');
    expect(heard).toEqual(['stdout a', 'stderr 6263 hex', 'stdout d', 'stdout 101', 'stdout f']);
    expect(printed).toEqual(['a', 'bc', 'd', 'e', 'f', 'g']);
  });

  it('returns, calls back and throws as without us', async () => {
    replace(
      'stdout',
      new Writable({
        highWaterMark: 8,
        write: (_chunk, _encoding, done) => void setImmediate(done),
      }),
    );
    const stop = listen(note);
    expect(process.stdout.write('a')).toBe(true);
    expect(process.stdout.write('more than eight')).toBe(false);
    await new Promise((resolve) => process.stdout.write('b', 'utf8', resolve));
    await new Promise((resolve) => process.stdout.write('c', resolve));
    expect(() => process.stdout.write(7 as never)).toThrow(/must be of type string/);
    expect(() => process.stdout.write('x', 'nonsense' as never)).toThrow(/Unknown encoding/);
    stop();
    expect(heard).toEqual(['stdout a', 'stdout more than eight', 'stdout b utf8', 'stdout c']);
  });

  it('is heard by each listener, but for one that is told otherwise', () => {
    const others: string[] = [];
    const stop = listen(note);
    const stopOther = listen((_, chunk) => others.push(String(chunk)));
    writeUnheard('stdout', Buffer.from('child'), note);
    process.stdout.write('own');
    stop();
    process.stdout.write('later');
    stopOther();
    expect(heard).toEqual(['stdout own']);
    expect(others).toEqual(['child', 'own', 'later']);
  });

  it('of a listener is not heard: nothing comes round', () => {
    const stop = listen((stream, chunk) => {
      note(stream, chunk);
      process.stdout.write('again');
      process.stderr.write('and again');
    });
    process.stdout.write('a');
    stop();
    expect(heard).toEqual(['stdout a']);
  });

  it('of another stream with our write is not ours', () => {
    const stop = listen(note);
    process.stdout.write.call(process.stderr, 'x');
    stop();
    expect(printed).toEqual(['x']);
    expect(heard).toEqual([]);
  });
});

describe('what was there', () => {
  it('is there again: what was inherited is inherited', () => {
    const stop = listen(note);
    expect(Object.hasOwn(process.stdout, 'write')).toBe(true);
    const stopOther = listen(() => {});
    stop();
    stop();
    expect(Object.hasOwn(process.stdout, 'write')).toBe(true);
    stopOther();
    expect(Object.hasOwn(process.stdout, 'write')).toBe(false);
    expect(Object.hasOwn(process.stderr, 'write')).toBe(false);
  });

  it('is there again: what was patched before us', () => {
    const unpatch = patch((write, text) => write(`<${text}>`));
    const before = Object.getOwnPropertyDescriptor(process.stdout, 'write');
    listen(note)();
    expect(Object.getOwnPropertyDescriptor(process.stdout, 'write')).toEqual(before);
    unpatch();
  });
});

describe('a patch of somebody else', () => {
  const angles = (write: (text: string) => boolean, text: string): boolean => write(`<${text}>`);

  it('over ours stays when we go, and passes through', () => {
    const stop = listen(note);
    const unpatch = patch(angles);
    process.stdout.write('a');
    stop();
    process.stdout.write('b');
    expect(printed).toEqual(['<a>', '<b>']);
    expect(heard).toEqual(['stdout <a>']);
    unpatch();
    process.stdout.write('c');
    expect(printed.at(-1)).toBe('c');
  });

  it('over ours, which is needed again: each write is heard once', () => {
    const stop = listen(note);
    const unpatch = patch(angles);
    stop();
    const stopAgain = listen(note);
    process.stdout.write('a');
    expect(heard).toEqual(['stdout <a>']);
    // Puts back our first hook, which takes over from the second that is no longer reached.
    unpatch();
    process.stdout.write('b');
    expect(heard).toEqual(['stdout <a>', 'stdout b']);
    const stopThird = listen(note);
    process.stdout.write('c');
    expect(heard).toEqual(['stdout <a>', 'stdout b', 'stdout c']);
    stopAgain();
    stopThird();
    process.stdout.write('d');
    expect(heard).toHaveLength(3);
    expect(printed).toEqual(['<a>', 'b', 'c', 'd']);
  });

  it('that writes twice, or not at all', () => {
    const stop = listen(note);
    const unpatch = patch((write, text) => write('prefix ') && write(text));
    process.stdout.write('a');
    unpatch();
    const silence = patch(() => true);
    process.stdout.write('b');
    silence();
    stop();
    expect(heard).toEqual(['stdout prefix ', 'stdout a']);
  });

  it('that prints within a write', () => {
    const unpatch = patch((write, text) => {
      if (text === 'a') process.stdout.write('nested');
      return write(text);
    });
    const stop = listen(note);
    process.stdout.write('a');
    stop();
    unpatch();
    expect(printed).toEqual(['nested', 'a']);
    expect(heard).toEqual(['stdout nested', 'stdout a']);
  });

  it('many times over: one hook a layer, each write once', () => {
    const undo: (() => void)[] = [];
    for (let layer = 0; layer < 20; layer += 1) {
      undo.push(listen((stream, chunk) => note(stream, chunk)));
      undo.push(patch((write, text) => write(`${text}.`)));
    }
    process.stdout.write('a');
    expect(heard).toEqual(Array(20).fill(`stdout a${'.'.repeat(20)}`));
    for (const each of undo.reverse()) each();
    process.stdout.write('b');
    expect(printed.at(-1)).toBe('b');
    expect(Object.hasOwn(process.stdout, 'write')).toBe(false);
  });
});
