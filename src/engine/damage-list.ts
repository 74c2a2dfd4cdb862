// What opening and reading a log came upon, each extent once: a log that is read a thousand times has
// no more damage than one that is read once, and keeps no more of it (G10).
//
// Spec: spec/recovery.md. Test: test/engine/log.test.ts.

import type { Damage } from './tail.ts';

export class DamageList extends Array<Damage> {
  override push(...damage: Damage[]): number {
    for (const each of damage) {
      const isKnown = this.some(({ file, offset }) => file === each.file && offset === each.offset);
      if (!isKnown) super.push(each);
    }
    return this.length;
  }
}
