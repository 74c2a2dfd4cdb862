// A following that has ended, in whichever way, keeps no process alive: no watcher, no timer is left.

import { afterAll, it } from 'vitest';
import { endChildren, sleep, startChild, temporaryDirectory } from './child.ts';

afterAll(endChildren);

const ways = ['break', 'throw', 'return', 'abort-resting', 'abort-waiting', 'deleted', 'closed'];
const rows = ways
  .flatMap((way) => ['view', 'metric', 'repo'].map((kind) => ({ kind, way })))
  .filter(({ kind, way }) => kind !== 'metric' || way !== 'closed');

it.concurrent.for(rows)(
  'following a $kind that ends by $way lets the process end',
  async ({ kind, way }, { expect }) => {
    const child = startChild('follower', { arguments: [kind, way, temporaryDirectory()] });
    expect(await child.next()).toBe('done');
    // Long enough for any machine; one that hangs would hang for ever.
    const ended = await Promise.race([child.ended(), sleep(60_000).then(() => 'still alive')]);
    expect(ended).toBe(0);
  },
);
