// The mark of a repo where links are refused, so that it has its name before its content: whoever finds
// it empty opens the repo, beside its maker or after the maker's death.

import { expect, it } from 'vitest';
import { memoryVfs, namedCrashRules } from '../../src/engine/index.ts';
import { checkRepo, createRepo, isRepo } from '../../src/store/repo-directory.ts';

const PATH = '/repo/.aim';

it.each([false, true])(
  'a repo is made by two at once, at every call of the first (it dies there: %s)',
  (dies) => {
    let at = 0;
    for (let isOver = false; !isOver; at += 1) {
      const vfs = memoryVfs({ refuseLinks: true });
      const second = vfs.attach({ refuseLinks: true });
      let calls = 0;
      const first = vfs.attach({
        refuseLinks: true,
        onCall: () => {
          calls += 1;
          if (calls === at + 1) {
            if (isRepo(second, PATH)) checkRepo(second, PATH);
            createRepo(second, PATH);
            checkRepo(second, PATH);
          }
          if (dies && calls > at) throw new Error('died');
        },
      });
      try {
        createRepo(first, PATH);
        isOver = calls <= at;
      } catch (error) {
        expect((error as Error).message, `call ${at}`).toBe('died');
      }
      createRepo(second, PATH);
      checkRepo(second, PATH);
    }
    expect(at).toBeGreaterThan(8);
  },
);

it('a repo that was made is there after a loss of power, with the directories above it', () => {
  const vfs = memoryVfs();
  createRepo(vfs, '/home/project/.aim');
  for (const rule of Object.values(namedCrashRules))
    expect(isRepo(vfs.crash(rule), '/home/project/.aim')).toBe(true);
});
