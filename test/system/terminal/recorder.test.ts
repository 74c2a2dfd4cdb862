// Lines of several streams as they are recorded, and what of a secret is held back.

import { describe, expect, it } from 'vitest';
import { TerminalRecorder } from '../../../src/system/terminal/recorder.ts';
import { safeLength } from '../../../src/system/terminal/secret-lines.ts';
import { seeded } from '../../support/random.ts';

const record = (redact?: (text: string) => string): TerminalRecorder =>
  new TerminalRecorder({ next: 0, colors: 'keep', redact });

describe('what is taken', () => {
  it('is in the order of numbers, over streams, once', () => {
    const recorder = record();
    const [out, err] = [recorder.stream(0), recorder.stream(1)];
    out.write('a', undefined, 5);
    err.write(Buffer.from('x\ny\n'), undefined, 6);
    out.write('b\nc\n', undefined, 7);
    expect(recorder.size).toBe(9);
    expect(recorder.take()).toEqual([
      {
        numbers: [0, 1, 2, 3],
        streams: [0, 1, 1, 0],
        times: [7, 6, 6, 7],
        texts: ['ab', 'x', 'y', 'c'],
      },
    ]);
    expect(recorder.size).toBe(0);
    expect(recorder.take()).toEqual([]);
  });

  it('comes in parts of bounded size', () => {
    const recorder = record();
    const out = recorder.stream(0);
    for (let line = 0; line < 100; line += 1) out.write(`${'x'.repeat(9999)}\n`, undefined, 0);
    const parts = recorder.take();
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect(part.texts.join('').length).toBeLessThan(300_000);
    expect(parts.flatMap((part) => part.numbers)).toEqual(
      Array.from({ length: 100 }, (_, at) => at),
    );
  });

  it('holds a character that was never finished when its stream ends, and then lets the stream go', () => {
    const recorder = record();
    const child = recorder.stream(20);
    child.write(Uint8Array.of(0x61, 0xe4), undefined, 1);
    expect(recorder.take()[0]?.texts).toEqual(['a']);
    child.end(2);
    child.end(3);
    child.write('no more', undefined, 4);
    expect(recorder.take()[0]).toMatchObject({ texts: ['a\ufffd'], times: [2], streams: [20] });
    expect(recorder.streams).toEqual([]);
  });
});

describe('a line that goes on and on', () => {
  const dots = (
    count: number,
    between: number,
  ): { sizes: number[]; recorder: TerminalRecorder } => {
    const recorder = record();
    const out = recorder.stream(0);
    const sizes: number[] = [];
    for (let dot = 0; dot < count; dot += 1) {
      out.write('.', undefined, dot * between);
      for (const part of recorder.take()) sizes.push(part.texts.join('').length);
    }
    return { sizes, recorder };
  };

  it('is recorded each time while it is short', () => {
    expect(dots(1000, 1).sizes).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
  });

  it('costs its length a few times, not its square; it is whole when the cursor leaves it', () => {
    const { sizes, recorder } = dots(60_000, 1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60_000 * 60);
    recorder.streams[0]?.write('\nnext', undefined, 60_000);
    expect(recorder.take()[0]?.texts).toEqual(['.'.repeat(60_000), 'next']);
    recorder.streams[0]?.write(' line\n', undefined, 60_000);
    expect(recorder.take()[0]?.texts).toEqual(['next line']);
  });

  it('is recorded each second when it grows slowly, and whole when its stream ends', () => {
    const { sizes, recorder } = dots(2000, 600);
    expect(sizes.slice(1023).map((size) => size - 1024)).toEqual(
      Array.from({ length: 489 }, (_, at) => 2 * at),
    );
    recorder.streams[0]?.write('.', undefined, 2000 * 600);
    recorder.streams[0]?.write('.', undefined, 2000 * 600);
    recorder.take();
    recorder.streams[0]?.end(2000 * 600);
    expect(recorder.take()[0]?.texts).toEqual(['.'.repeat(2002)]);
    expect(recorder.take()).toEqual([]);
  });
});

describe('of a line that may go on', () => {
  it.each([
    ['', ''],
    ['word', ''],
    ['two words', 'two '],
    ['ended word ', 'ended word '],
    ['key = "two words and', 'key = '],
    ['key = "two words" and', 'key = "two words" '],
    ["don't stop here now", 'don'],
    ['a\tb', 'a\t'],
  ])('%j is safe up to %j', (text, safe) => {
    expect(text.slice(0, safeLength(text))).toBe(safe);
  });
});

/** Secrets of this test: what an `s` and digits follow. */
const hide = (text: string): string => text.replaceAll(/s\d{4,}|pass="[^"]*"/g, '[redacted]');

it('no part of a secret is ever taken, however writes and takings fall', () => {
  const random = seeded('secret-cuts');
  for (let round = 0; round < 2000; round += 1) {
    const secret = `s${String(10_000 + random.integer(1_000_000))}7`;
    const quoted = 'open sesame 42';
    const text = random.pick([
      `token ${secret}\n`,
      `a ${secret}, b\rc`,
      `\x1b[3${random.integer(8)}m${secret.slice(0, 3)}\x1b[0m${secret.slice(3)} x\n`,
      `before pass="${quoted}" after\n`,
      `url=${secret}`,
      `\n${secret}\n\x1b[1A`,
    ]);
    const recorder = record(hide);
    const stream = recorder.stream(0);
    let taken = '';
    for (let start = 0; start < text.length; ) {
      const end = start + 1 + random.integer(6);
      stream.write(text.slice(start, end), undefined, 0);
      start = end;
      if (random.random() < 0.7)
        taken += recorder
          .take()
          .flatMap((part) => part.texts)
          .join('|');
    }
    stream.end(0);
    taken += recorder
      .take()
      .flatMap((part) => part.texts)
      .join('|');
    expect(taken, JSON.stringify(text)).not.toMatch(/s\d\d|sesame|open/);
    expect(taken).toContain('[redacted]');
  }
});

describe('a private key', () => {
  const key = ['-----BEGIN RSA PRIVATE KEY-----', 'MIIB', 'Zm9v', '-----END RSA PRIVATE KEY-----'];

  const linesOf = (parts: readonly string[]): string[] => {
    const recorder = record((text) => text);
    const stream = recorder.stream(0);
    const lines: string[] = [];
    for (const part of parts) {
      stream.write(part, undefined, 0);
      for (const { numbers, texts } of recorder.take())
        numbers.forEach((number, at) => {
          lines[number] = texts[at] ?? '';
        });
    }
    return lines;
  };

  it('is redacted from its first line to its last', () => {
    const hidden = ['a', '[redacted]', '[redacted]', '[redacted]', '[redacted]', 'b'];
    expect(linesOf([['a', ...key, 'b', ''].join('\n')])).toEqual(hidden);
    expect(linesOf(['a', ...key, 'b'].map((line) => `${line}\n`))).toEqual(hidden);
    expect(linesOf([...['a', ...key, 'b\n'].join('\n')])).toEqual(hidden);
  });

  it('that never ends hides 256 lines', () => {
    const lines = linesOf([`${key[0]}\n`, 'x\n'.repeat(1000)]);
    expect(lines.filter((line) => line === 'x')).toHaveLength(744);
  });

  it('in the middle of lines hides what stands behind it', () => {
    expect(
      linesOf(['k: -----BEGIN PRIVATE KEY----- abc\nd\n-----END PRIVATE KEY-----\ne\n']),
    ).toEqual(['k: [redacted]', '[redacted]', '[redacted]', 'e']);
  });
});
