// What a run records of its own output and of what it says: lines and messages as they are read and
// followed, what is captured when, options, several runs, and that nothing comes round again.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';

import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type FollowEvent,
  Repo,
  Run,
  type RunlogError,
  type RunOptions,
  type RunView,
  type TerminalLinesOptions,
  type WrittenLine,
} from '../../src/index.ts';
import { limits } from '../../src/limits.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-terminal-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (runHash: string, more: RunOptions = {}): Promise<Run> =>
  Run.open({
    repo: directory,
    runHash,
    systemTrackingInterval: null,
    captureTerminalLogs: true,
    ...more,
  });

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

async function linesOf(hash: string, options: TerminalLinesOptions = {}): Promise<WrittenLine[]> {
  const lines: WrittenLine[] = [];
  for await (const line of (await viewOf(hash)).terminalLines(options)) lines.push(line);
  return lines;
}

const textsOf = async (hash: string, options: TerminalLinesOptions = {}): Promise<string[]> =>
  (await linesOf(hash, options)).map((line) => line.text);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What reached the real streams meanwhile, which print nothing. */
let printed = '';
const { stdout, stderr } = process;

/** Streams of this test in place of those of the test runner. */
beforeEach(() => {
  printed = '';
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = new Writable({
      decodeStrings: true,
      write(chunk: Buffer, _, done) {
        printed += chunk.toString();
        done();
      },
    });
    Object.defineProperty(process, name, { value: stream, configurable: true, writable: true });
  }
});

afterEach(() => {
  Object.defineProperty(process, 'stdout', { value: stdout, configurable: true, writable: true });
  Object.defineProperty(process, 'stderr', { value: stderr, configurable: true, writable: true });
});

describe('lines', () => {
  it('are those that both streams printed, in order, with stream, time and writer', async () => {
    const before = Date.now();
    const run = await open('both');
    process.stdout.write('one\ntwo');
    process.stderr.write('warning\n');
    process.stdout.write(' and a half\n');
    await run.close();
    const lines = await linesOf('both');
    const facts = lines.map(({ line, stream, text, writer, child }) => [
      line,
      stream,
      text,
      writer,
      child,
    ]);
    expect(facts).toEqual([
      [0, 'stdout', 'one', 'main', undefined],
      [1, 'stdout', 'two and a half', 'main', undefined],
      [2, 'stderr', 'warning', 'main', undefined],
    ]);
    for (const { time } of lines) expect(time).toBeGreaterThanOrEqual(before);
    expect(printed).toBe('one\ntwowarning\n and a half\n');
  });

  it('of before the opening and after the close are not recorded', async () => {
    process.stdout.write('before\n');
    const run = await open('within');
    process.stdout.write('within\n');
    const closing = run.close();
    process.stdout.write('after\n');
    await closing;
    process.stdout.write('later\n');
    expect(await textsOf('within')).toEqual(['within']);
    expect(printed).toBe('before\nwithin\nafter\nlater\n');
  });

  it('are recorded when their turn ends, also one that is not finished, and change', async () => {
    const run = await open('turns');
    process.stdout.write('10%');
    await turn();
    expect(await textsOf('turns')).toEqual(['10%']);
    process.stdout.write('\r20%');
    await turn();
    process.stdout.write('\r30%\nnext');
    await turn();
    expect(await textsOf('turns')).toEqual(['30%', 'next']);
    await run.close();
  });

  it('of a turn survive in a loop that never yields', async () => {
    const run = await open('busy');
    const times: number[] = [];
    // Whether the batch is a tenth of a second old is asked at each 16th call, on any machine.
    const old = (): number => times.findLastIndex((time) => time + 100 < (times.at(-17) ?? 0));
    while (old() < 20) {
      times.push(performance.now());
      process.stdout.write(`line ${times.length - 1}\n`);
      for (const rest = performance.now(); performance.now() - rest < 2; );
    }
    // Read without giving the event loop a turn, as far as it is on the disk.
    const log = join(directory, '.aim/runs/busy/logs/main');
    const names = readdirSync(log).filter((name) => name.startsWith('segment-'));
    const bytes = Buffer.concat(names.map((name) => readFileSync(join(log, name))));
    expect(bytes.includes(`line ${old()}\n`)).toBe(true);
    await run.close();
  });

  it('many are flushed before the turn ends', async () => {
    const run = await open('many');
    for (let line = 0; line < 20_000; line += 1)
      process.stdout.write(`${line} ${'x'.repeat(60)}\n`);
    const log = join(directory, '.aim/runs/many/logs/main');
    const names = readdirSync(log).filter((name) => name.startsWith('segment-'));
    const size = names.reduce((sum, name) => sum + readFileSync(join(log, name)).length, 0);
    expect(size).toBeGreaterThan(1_000_000);
    await run.close();
    const lines = await linesOf('many');
    expect(lines.map(({ line }) => line)).toEqual(
      Array.from({ length: 20_000 }, (_, line) => line),
    );
    expect(lines.every(({ text, line }) => text.startsWith(`${line} `))).toBe(true);
  });

  it('go on with the next number when the run is opened again, and of a writer of their own', async () => {
    for (const text of ['a\nb', 'c\nd\n', 'e']) {
      const run = await open('again');
      process.stdout.write(text);
      await run.close();
    }
    const helper = await open('again', { writer: 'helper' });
    process.stdout.write('h\n');
    await helper.close();
    const lines = (await linesOf('again')).map(({ writer, line, text }) => [writer, line, text]);
    expect(lines).toEqual([
      ['helper', 0, 'h'],
      ...['a', 'b', 'c', 'd', 'e'].map((text, line) => ['main', line, text]),
    ]);
    expect(await textsOf('again', { writer: 'helper' })).toEqual(['h']);
    expect(await textsOf('again', { writer: 'main', from: 1, to: 3 })).toEqual(['b', 'c']);
    expect(await textsOf('again', { writer: 'main', from: -2 })).toEqual(['d', 'e']);
    expect(await textsOf('again', { from: 7 })).toEqual([]);
  });

  it('are asked for by stream', async () => {
    const run = await open('streams');
    process.stdout.write('o\n');
    process.stderr.write('e\n');
    await run.close();
    expect(await textsOf('streams', { stream: 'stderr' })).toEqual(['e']);
  });

  it('of several runs are recorded by each', async () => {
    const first = await open('first');
    process.stdout.write('1\n');
    const second = await open('second');
    process.stdout.write('2\n');
    await first.close();
    process.stdout.write('3\n');
    await second.close();
    expect(await textsOf('first')).toEqual(['1', '2']);
    expect(await textsOf('second')).toEqual(['2', '3']);
  });

  it('stay when points are rewound, and through rewriting', async () => {
    const run = await open('rewound');
    for (let step = 0; step < 2000; step += 1) {
      run.track(step, { name: 'loss', step });
      process.stdout.write(`step ${step}\rstep ${step} done\n`);
      if (step % 100 === 0) run.flush();
    }
    run.rewind({ step: 10 });
    process.stdout.write('end');
    await run.close();
    const texts = await textsOf('rewound');
    expect(texts).toHaveLength(2001);
    expect(texts[1999]).toBe('step 1999 done');
    expect(texts.at(-1)).toBe('end');
    expect((await viewOf('rewound')).metric('loss')?.count).toBe(10);
  });

  it('are read to the end although a rewriting takes the files away meanwhile', async () => {
    const run = await open('moving', { durability: { syncMs: null } });
    const count = 40_000;
    for (let line = 0; line < count; line += 1)
      process.stdout.write(`${line} ${'x'.repeat(900)}\n`);
    await run.sync();
    const view = await viewOf('moving');
    const log = join(directory, '.aim/runs/moving/logs/main');
    const hot = readdirSync(log).filter((name) => name.startsWith('segment-'));
    expect(hot.length).toBeGreaterThan(1);
    let read = 0;
    for await (const { line, text } of view.terminalLines()) {
      expect(line).toBe(read);
      expect(text.startsWith(`${line} `)).toBe(true);
      read += 1;
      if (read === 10) await run.close();
    }
    expect(read).toBe(count);
    expect(readdirSync(log).filter((name) => hot.includes(name))).toEqual([]);
  });

  it('are none without the option', async () => {
    const { write } = process.stdout;
    const run = await open('off', { captureTerminalLogs: false });
    expect(process.stdout.write).toBe(write);
    process.stdout.write('x\n');
    await run.close();
    expect(await textsOf('off')).toEqual([]);
  });
});

describe('options', () => {
  it('colours are kept, or stripped', async () => {
    const kept = await open('kept');
    const stripped = await open('stripped', { captureTerminalLogs: { colors: 'strip' } });
    process.stdout.write('\x1b[31mred\x1b[39m\n');
    await kept.close();
    await stripped.close();
    expect(await textsOf('kept')).toEqual(['\x1b[31mred\x1b[0m']);
    expect(await textsOf('stripped')).toEqual(['red']);
  });

  it('nor does what a variable holds that was set when the run was open', async () => {
    const run = await open('later', { captureTerminalLogs: { redact: true } });
    process.stdout.write('begins\n');
    await turn();
    process.env['LATER_PASSWORD'] = 'zeta9-quokka7-b';
    process.stdout.write('it is zeta9-quokka7-b\n');
    await turn();
    process.env['LATER_PASSWORD'] = 'theta4-wombat2-c';
    await new Promise((resolve) => setTimeout(resolve, 1100));
    process.stdout.write('it is theta4-wombat2-c, was zeta9-quokka7-b\n');
    await run.close();
    delete process.env['LATER_PASSWORD'];
    expect(await textsOf('later')).toEqual([
      'begins',
      'it is [redacted]',
      'it is [redacted], was [redacted]',
    ]);
  });

  it('secrets never reach the disk, also split over writes and turns, in colours and in keys', async () => {
    const token = `ghp_${'a1B2c3D4e5'.repeat(4)}`.slice(0, 40);
    const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj';
    const run = await open('secret', { captureTerminalLogs: { redact: true } });
    process.stdout.write(`use ${token.slice(0, 12)}`);
    await turn();
    process.stdout.write(token.slice(12, 30));
    await turn();
    process.stdout.write(`${token.slice(30)} now\n`);
    await turn();
    process.stdout.write(`\x1b[32m${token.slice(0, 9)}\x1b[31m${token.slice(9)}\x1b[0m\n`);
    process.stdout.write('-----BEGIN PRIVATE KEY-----\n');
    await turn();
    process.stdout.write(`${body}\n`);
    process.stderr.write('\x1b[33mnothing secret\x1b[0m\n');
    process.stdout.write(`${body}\n-----END PRIVATE KEY-----\nafter the key\nlast ${token}`);
    await turn();
    await run.close();
    const texts = await textsOf('secret');
    const counts = (await viewOf('secret')).get('__terminal_redacted') as Record<string, number>;
    expect(Object.values(counts).reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(3);
    expect(texts).toEqual([
      'use [redacted] now',
      '[redacted]',
      '[redacted]',
      '[redacted]',
      '\x1b[33mnothing secret\x1b[0m',
      '[redacted]',
      '[redacted]',
      'after the key',
      'last [redacted]',
    ]);
    const log = join(directory, '.aim/runs/secret/logs/main');
    for (const name of readdirSync(log).filter((each) => each.startsWith('segment-'))) {
      const bytes = readFileSync(join(log, name));
      for (let at = 4; at + 8 < token.length; at += 1)
        expect(bytes.includes(token.slice(at, at + 8)), `${name} ${at}`).toBe(false);
      expect(bytes.includes(body.slice(0, 20))).toBe(false);
    }
  });

  it('a line beyond the last column is cut, which is said once', async () => {
    const errors: RunlogError[] = [];
    const run = await open('cut', { onError: (error) => errors.push(error) });
    process.stdout.write(`${'x'.repeat(limits.terminalColumnCountMax + 1)}\nnext\n`);
    run.flush();
    process.stdout.write(`${'x'.repeat(limits.terminalColumnCountMax + 1)}\n`);
    await run.close();
    expect(errors.map((each) => [each.code, each.details.limit])).toEqual([
      ['LIMIT', 'terminalColumnCountMax'],
    ]);
    const sizes = (await textsOf('cut')).map((text) => text.length);
    expect(sizes).toEqual([65536, 4, 65536]);
  });
});

describe('nothing comes round again', () => {
  it('when onError prints, the disk refuses, and a logger prints', async () => {
    const run = await open('round', {
      onError: (error) => {
        process.stderr.write(`told: ${error.code}\n`);
      },
    });
    process.stdout.write(`${'x'.repeat(limits.terminalColumnCountMax + 1)}\n`);
    run.flush();
    await turn();
    process.stdout.write('logger\n');
    await run.close();
    expect(printed.match(/told/g)).toHaveLength(1);
    const texts = await textsOf('round');
    expect(texts.slice(1)).toEqual(['told: LIMIT', 'logger']);
  });
});

describe('worker threads', () => {
  const print = 'console.log("from the worker"); process.stderr.write("err\\n");';

  it('print through the streams of the main thread', async () => {
    // The real streams: a worker is piped to those that the process began with.
    Object.defineProperty(process, 'stdout', { value: stdout, configurable: true, writable: true });
    Object.defineProperty(process, 'stderr', { value: stderr, configurable: true, writable: true });
    const run = await open('worker');
    const worker = new Worker(print, { eval: true, stdout: true, stderr: true });
    worker.stdout.pipe(process.stdout, { end: false });
    worker.stderr.pipe(process.stderr, { end: false });
    await new Promise((resolve) => worker.once('exit', resolve));
    await turn();
    await run.close();
    expect((await textsOf('worker')).sort()).toEqual(['err', 'from the worker']);
  });
});

describe('run.log', () => {
  it('records level, time, message, fields and place', async () => {
    const run = await open('log', { captureTerminalLogs: false });
    const before = Date.now();
    run.log.info('resumed', { step: 7, nested: { list: [1, new Uint8Array([1])] } });
    run.log.warn('careful');
    run.log.error('failed', { error: new RangeError('diverged'), absent: undefined });
    run.log.debug('ill \ud800');
    await run.close();
    const view = await viewOf('log');
    const records = [];
    for await (const record of view.logRecords()) records.push(record);
    expect(records.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'resumed'],
      ['warn', 'careful'],
      ['error', 'failed'],
      ['debug', 'ill \ufffd'],
    ]);
    expect(records[0]?.fields).toEqual({ step: 7, nested: { list: [1, new Uint8Array([1])] } });
    expect(records[1]?.fields).toEqual({});
    expect(records[2]?.fields['error']).toMatchObject({ name: 'RangeError', message: 'diverged' });
    const source = readFileSync(import.meta.filename, 'utf8').split('\n');
    for (const { place, time, writer } of records) {
      expect(writer).toBe('main');
      expect(time).toBeGreaterThanOrEqual(before);
      expect(place?.file).toBe(import.meta.filename);
      expect(source[(place?.line ?? 0) - 1]).toContain('run.log.');
    }
    const heavy = [];
    for await (const record of view.logRecords({ level: 'warn' })) heavy.push(record.message);
    expect(heavy).toEqual(['careful', 'failed']);
    const late = [];
    for await (const record of view.logRecords({ from: Date.now() + 1000 })) late.push(record);
    expect(late).toEqual([]);
  });

  it('stands behind what was printed before it, and in front of what was printed after', async () => {
    const run = await open('ordered');
    process.stdout.write('before\n');
    run.log.info('said');
    process.stdout.write('after\n');
    await run.close();
    const told: string[] = [];
    for await (const event of (await viewOf('ordered')).follow()) {
      if (event.type === 'terminal') told.push(...event.lines.map(({ text }) => text));
      if (event.type === 'log') told.push(event.message);
      if (event.type === 'state' && event.close !== undefined) break;
    }
    expect(told).toEqual(['before', 'said', 'after']);
  });

  it('refuses what is no message and what cannot be stored, and a closed run', async () => {
    const run = await open('slips', { captureTerminalLogs: false });
    expect(() => run.log.info(7 as never)).toThrow(/^message: expected a string, got 7/);
    expect(() => run.log.info('x', 'y' as never)).toThrow(/^fields: expected an object/);
    expect(() => run.log.info('x', { f() {} })).toThrow(/fields\.f/);
    run.log.error('failed', new RangeError('diverged'));
    await run.close();
    const { value } = await (await viewOf('slips')).logRecords().next();
    expect(value?.fields).toMatchObject({ name: 'RangeError', message: 'diverged' });
    expect(() => run.log.info('x')).toThrow(/used after close/);
    const view = await viewOf('slips');
    expect(() => view.logRecords({ level: 'loud' as never })).toThrow(/^level: expected debug/);
    expect(() => view.terminalLines({ to: -1 })).toThrow(/^to: expected a line number/);
    expect(() => view.terminalLines({ stream: 'x' as never })).toThrow(/^stream/);
    expect(() => view.terminalLines({ form: 1 } as never)).toThrow(/options\.form/);
  });
});

describe('following', () => {
  it('gives lines as they come and change, and messages', async () => {
    const run = await open('followed');
    const events: FollowEvent[] = [];
    const ended = (async () => {
      for await (const event of (await viewOf('followed')).follow()) {
        events.push(event);
        if (event.type === 'state' && event.close !== undefined) break;
      }
    })();
    process.stdout.write('10%');
    await turn();
    run.log.info('half');
    process.stdout.write('\r20%\nnext\n');
    await turn();
    await run.close();
    await ended;
    const told = events.flatMap((event): unknown[] => {
      if (event.type === 'terminal') return event.lines.map(({ line, text }) => [line, text]);
      return event.type === 'log' ? [event.message] : [];
    });
    expect(told).toEqual([[0, '10%'], 'half', [0, '20%'], [1, 'next']]);
    // Each event once also from a place in between.
    const second = events.filter((event) => event.type === 'terminal')[0];
    const rest: FollowEvent[] = [];
    for await (const event of (await viewOf('followed')).follow({
      from: second?.cursor ?? 'now',
    })) {
      rest.push(event);
      if (event.type === 'state' && event.close !== undefined) break;
    }
    expect(rest).toEqual(events.slice(events.indexOf(second as FollowEvent) + 1));
  });
});
