// Wrong orders of the owner's protocol: those that the model lost data with (spec/ownership.md), and
// those that lost it here.

import { edit, type Fault, type Proof } from './fault.ts';

const schedules = (test: string): Proof => ({ file: 'engine/schedules.test.ts', test });

const WRITE = "      this.#write();\n      const isSynced = this.#options.onFlush === 'sync';";
const CHECK =
  "      if (!this.#fence.isMine()) return this.#end('fenced', undefined);\n      if (isSynced) this.#syncs.cover";
const IS_MINE = '  return vfs.stat(`${directory}/${fenceName(number)}`)?.identity === identity;';
const NEXT =
  '  if (vfs.stat(`${directory}/${fenceName(number + 1)}`) !== undefined) return false;\n';

export const ownershipFaults: readonly Fault[] = [
  {
    name: 'checked before the write',
    edits: [
      edit('engine/appender.ts', CHECK, '      if (isSynced) this.#syncs.cover'),
      edit(
        'engine/appender.ts',
        WRITE,
        `      if (!this.#fence.isMine()) return this.#end('fenced', undefined);\n${WRITE}`,
      ),
    ],
    proof: schedules('an owner goes on at any step of its successor'),
  },
  {
    name: 'not checked at all',
    edits: [edit('engine/appender.ts', CHECK, '      if (isSynced) this.#syncs.cover')],
    proof: schedules('a whole opening at any step of an owner'),
  },
  {
    name: 'acknowledged before written',
    edits: [
      edit(
        'engine/appender.ts',
        WRITE,
        `      if (this.#segment.pending < 200) {
        this.acknowledged = this.position;
        return true;
      }
${WRITE}`,
      ),
    ],
    proof: schedules('a whole opening at any step of an owner'),
  },
  {
    name: 'mine before next',
    edits: [
      edit(
        'engine/owner.ts',
        NEXT + IS_MINE,
        `  if (vfs.stat(\`\${directory}/\${fenceName(number)}\`)?.identity !== identity) return false;
  return vfs.stat(\`\${directory}/\${fenceName(number + 1)}\`) === undefined;`,
      ),
    ],
    proof: schedules('two more openings at any step of the check'),
  },
  {
    name: 'next alone, no mine',
    edits: [edit('engine/owner.ts', IS_MINE, "  return identity !== '';")],
    proof: schedules('two more openings at any step of the check'),
  },
  {
    name: 'mine by name',
    edits: [
      edit(
        'engine/owner.ts',
        IS_MINE,
        `  return identity !== '' && vfs.stat(\`\${directory}/\${fenceName(number)}\`) !== undefined;`,
      ),
    ],
    proof: schedules('a contender that listed the empty directory'),
  },
  {
    name: 'a parked fence is mine by name',
    edits: [
      edit(
        'engine/own-fence.ts',
        'return this.#vfs.stat(next) === undefined && this.#holdsNonce();',
        'return this.#vfs.stat(next) === undefined && this.#vfs.stat(this.#path) !== undefined;',
      ),
    ],
    proof: { file: 'engine/parking.test.ts', test: 'is not fooled by the name' },
  },
  {
    name: 'no second listing: who has a fence owns the log',
    edits: [
      edit('engine/owner.ts', '    if (newest(listing.fences) !== number) return undefined;\n', ''),
      edit(
        'engine/owner.ts',
        '    if (previous !== undefined && previous.fence >= number) return undefined;\n',
        '',
      ),
    ],
    proof: schedules('a contender that listed long ago'),
  },
  {
    name: 'the loser unlinks its fence',
    edits: [
      edit(
        'engine/owner.ts',
        '    if (decided === undefined || !checkFence(vfs, directory, number, identity)) {\n',
        `    if (decided === undefined || !checkFence(vfs, directory, number, identity)) {
      unlinkQuietly(vfs, \`\${directory}/\${fenceName(number)}\`);
`,
      ),
    ],
    proof: schedules('one loses to another'),
  },
  {
    name: 'newest fence collected first',
    edits: [
      edit(
        'engine/owner.ts',
        'listing.fences.filter((number) => number < previous).map(fenceName);',
        'listing.fences.filter((number) => number < previous).reverse().map(fenceName);',
      ),
    ],
    proof: schedules('at any step of a collection of its fence and the next'),
  },
  {
    name: 'a contender that finds its number taken links the next',
    edits: [
      edit(
        'engine/owner.ts',
        '  const number = holder.number + 1;',
        '  let number = holder.number + 1;',
      ),
      edit(
        'engine/owner.ts',
        '  const handle = publishOpen(vfs, directory, fenceName(number), bytes, { sync: holder.number > 0 });\n',
        `  let handle = publishOpen(vfs, directory, fenceName(number), bytes, { sync: true });
  while (handle === undefined) {
    number += 1;
    handle = publishOpen(vfs, directory, fenceName(number), bytes, { sync: true });
  }
`,
      ),
    ],
    proof: { file: 'engine/contender.test.ts' },
  },
  {
    name: 'a taken counter answered by the same content under the next',
    edits: [
      edit(
        'engine/owner.ts',
        `    if (
      !publish(vfs, directory, manifestName(counter + 1), encodeManifest(manifest), { sync: true })
    )
      continue;
`,
        `    for (let free = counter + 1; ; free += 1) {
      const bytes = encodeManifest({ ...manifest, counter: free });
      if (publish(vfs, directory, manifestName(free), bytes, { sync: true })) break;
    }
`,
      ),
    ],
    proof: schedules('a late one publishes what another has decided meanwhile'),
  },
  {
    name: 'reader without its second listing',
    edits: [
      edit(
        'engine/snapshot.ts',
        'const again = listLog(vfs, directory);',
        'const again = listing;',
      ),
    ],
    proof: schedules('a successor at any step of a reader'),
  },
  {
    name: 'reader keeps its manifest over a vanished file',
    edits: [
      edit(
        'engine/snapshot.ts',
        '      if (newest(again.manifests) !== newest(listing.manifests)) continue;\n',
        '',
      ),
      edit(
        'engine/snapshot.ts',
        '      if (hasNewContent(vfs, directory, again, manifest)) continue;\n',
        '',
      ),
    ],
    proof: schedules('rolling and rewriting at any step of a reader'),
  },
  {
    name: 'reader delivers an undecided tail',
    edits: [
      edit(
        'engine/snapshot.ts',
        'const seen = decided ? tail : EMPTY_TAIL(manifest?.end ?? 0);',
        'const seen = tail;',
      ),
    ],
    proof: schedules('a successor at any step of a reader'),
  },
  {
    name: 'reader passes over a name that is filled under it',
    edits: [
      edit(
        'engine/snapshot.ts',
        '      if (hasNewContent(vfs, directory, again, manifest)) continue;\n',
        '',
      ),
    ],
    proof: schedules('where links are refused'),
  },
  {
    name: 'a vanished temporary file taken for a taken name',
    edits: [
      edit(
        'engine/publish.ts',
        "      if (errorCode(error) !== 'ENOENT' || tries === TRIES) throw error;\n",
        "      if (errorCode(error) !== 'ENOENT' || tries === TRIES) throw error;\n      return undefined;\n",
      ),
    ],
    proof: schedules('an owner rolls and rewrites at any step of its successor'),
  },
  {
    name: 'inputs deleted without a check',
    edits: [
      edit(
        'engine/appender.ts',
        "    vfs.syncDirectory(directory);\n    if (!this.#fence.isMine()) return this.#end('fenced', undefined);\n",
        '    vfs.syncDirectory(directory);\n',
      ),
    ],
    proof: schedules('three openings at any step of rolling and rewriting'),
  },
  {
    name: 'inputs deleted before the manifest',
    edits: [
      edit(
        'engine/rewrite.ts',
        '    if (!appender.publish({ segments: next, damage })) return;\n    for (const each of names) unlinkQuietly(vfs, `${directory}/${each}`);\n',
        '    for (const each of names) unlinkQuietly(vfs, `${directory}/${each}`);\n    appender.publish({ segments: next, damage });\n',
      ),
    ],
    proof: schedules('three openings at any step of rolling and rewriting'),
  },
  {
    name: 'a rewriting deletes its output whatever was linked',
    edits: [
      edit(
        'engine/rewrite.ts',
        '      if (!appender.manifest.segments.some((each) => segmentName(each) === segmentName(name)))\n        output.discard();',
        '      output.discard();',
      ),
    ],
    proof: schedules('rolling and rewriting at any step of a reader'),
  },
  {
    name: 'truncate on open',
    edits: [
      edit(
        'engine/owner.ts',
        '      vfs.sync(file);\n      sealed.push(segment);',
        '      vfs.truncate(file, segment.length);\n      vfs.sync(file);\n      sealed.push(segment);',
      ),
    ],
    proof: schedules('a whole opening at any step of an owner'),
  },
];
