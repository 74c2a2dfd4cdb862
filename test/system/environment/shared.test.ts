// Who asks the same at the same time gets one answer; later, another; and the search ends with the last
// who waits for it.

import { expect, it } from 'vitest';
import { shared } from '../../../src/system/environment/shared.ts';

const of = {};
const asker = (): AbortController => new AbortController();

it('those who ask together get one answer, who asks later or something else another', async () => {
  let searches = 0;
  const find = async (): Promise<number> => {
    searches += 1;
    const found = searches;
    await new Promise((resolve) => setImmediate(resolve));
    return found;
  };
  const ask = (key: string, whose: object = of): Promise<number> =>
    shared({ of: whose, key, signal: asker().signal }, find);
  expect(await Promise.all([ask('a'), ask('a'), ask('b'), ask('a', {})])).toEqual([1, 1, 2, 3]);
  expect(await ask('a')).toBe(4);
});

it('a search that fails fails for all, and is begun anew', async () => {
  const fail = (): Promise<number> => Promise.reject(new Error('no'));
  const ask = (): Promise<number> => shared({ of, key: 'c', signal: asker().signal }, fail);
  const both = await Promise.allSettled([ask(), ask()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await shared({ of, key: 'c', signal: asker().signal }, () => Promise.resolve(7))).toBe(7);
});

it('it is ended when the last who waits has been told to stop, and not before', async () => {
  let isEnded = false;
  const find = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        isEnded = true;
        resolve('ended');
      });
    });
  const [first, second] = [asker(), asker()];
  const answers = [first, second].map(({ signal }) => shared({ of, key: 'd', signal }, find));
  first.abort();
  expect(isEnded).toBe(false);
  second.abort();
  expect([isEnded, await Promise.all(answers)]).toEqual([true, ['ended', 'ended']]);
  // Who comes meanwhile begins another.
  expect(await shared({ of, key: 'd', signal: asker().signal }, async () => 'new')).toBe('new');
});
