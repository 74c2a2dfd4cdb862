// What must be durable before what, and what a failed sync means.

import { edit, type Fault, type Proof } from './fault.ts';

const schedules = (test: string): Proof => ({ file: 'engine/schedules.test.ts', test });
const powerLoss = (test: string): Proof => ({ file: 'engine/power-loss.test.ts', test });

export const diskFaults: readonly Fault[] = [
  {
    name: 'tail synced before it is read',
    edits: [
      edit(
        'engine/owner.ts',
        '    const tail = unlessGone(() => readTail(vfs, directory, start));\n',
        `    for (const early of readTail(vfs, directory, start).segments) {
      const file = vfs.open(\`\${directory}/\${segmentName(early)}\`, 'write');
      vfs.sync(file);
      vfs.close(file);
    }
    const tail = unlessGone(() => readTail(vfs, directory, start));
`,
      ),
      edit(
        'engine/owner.ts',
        '      vfs.sync(file);\n      sealed.push(segment);',
        '      sealed.push(segment);',
      ),
    ],
    proof: schedules('a take-over at any step, with the owner going on'),
  },
  {
    name: 'tail not synced before the manifest that seals it',
    edits: [
      edit(
        'engine/owner.ts',
        '      vfs.sync(file);\n      sealed.push(segment);',
        '      sealed.push(segment);',
      ),
    ],
    proof: schedules('a take-over at any step, with the owner going on'),
  },
  {
    name: 'no directory sync before the manifest that names the tail',
    edits: [
      edit(
        'engine/owner.ts',
        '    if (sealed === undefined) continue;\n    if (hasTail) vfs.syncDirectory(directory);\n',
        '    if (sealed === undefined) continue;\n',
      ),
    ],
    proof: schedules('a take-over at any step, with the owner going on'),
  },
  {
    name: 'no directory sync before the manifest that names an output',
    edits: [
      edit(
        'engine/rewrite.ts',
        '    vfs.syncDirectory(directory);\n    const next = [',
        '    const next = [',
      ),
    ],
    proof: schedules('rolling, syncing, rewriting'),
  },
  {
    name: 'no directory sync between a manifest and the deletion of its inputs',
    edits: [
      edit(
        'engine/appender.ts',
        '    vfs.syncDirectory(directory);\n    if (!this.#fence.isMine())',
        '    if (!this.#fence.isMine())',
      ),
    ],
    proof: schedules('rolling, syncing, rewriting'),
  },
  {
    name: 'no directory sync before collecting',
    edits: [
      edit(
        'engine/owner.ts',
        '  if (directorySyncDue && manifests.length + segments.length > 0) vfs.syncDirectory(directory);\n',
        '',
      ),
    ],
    proof: schedules('a new life begins'),
  },
  {
    name: 'no directory sync before a sync resolves',
    edits: [
      edit(
        'engine/directory-entries.ts',
        '    if (this.isDue) this.#vfs.syncDirectory(this.#directory);\n',
        '',
      ),
    ],
    proof: schedules('rolling, syncing, rewriting'),
  },
  {
    name: 'no directory sync of the parents',
    edits: [
      edit('engine/directory-entries.ts', '    if (this.areParentsDue) this.#syncParents();\n', ''),
    ],
    proof: powerLoss('open, append, flush, sync, close'),
  },
  {
    name: 'only who made the directory syncs its name',
    edits: [
      edit(
        'engine/directory-entries.ts',
        '    if (this.#parents.includes(own)) return;\n',
        '    if (own !== undefined) return;\n',
      ),
    ],
    proof: powerLoss('take over a tail that was never synced'),
  },
  {
    name: 'manifest linked before it is synced',
    edits: [edit('engine/publish.ts', '      if (options.sync) vfs.sync(file);\n', '')],
    proof: schedules('rolling, syncing, rewriting'),
  },
  {
    name: 'rolled without a sync',
    edits: [
      edit(
        'engine/appender.ts',
        '      this.#syncAlone();\n      const end = segment.end;',
        '      const end = segment.end;',
      ),
    ],
    proof: schedules('rolling, syncing, rewriting'),
  },
  {
    name: 'output of a rewriting not synced',
    edits: [
      edit(
        'engine/output-segment.ts',
        '    if (this.#file !== undefined) await this.#vfs.syncLater(this.#file);\n',
        '',
      ),
    ],
    proof: schedules('rolling, syncing, rewriting'),
  },
  {
    name: 'watermark without a sync',
    edits: [
      edit(
        'engine/appender.ts',
        '    const watermark = this.durable;\n',
        '    const watermark = this.position;\n',
      ),
    ],
    proof: schedules('a take-over at any step, with the owner going on'),
  },
  {
    name: 'a sync resolves for bytes that no check followed',
    edits: [
      edit(
        'engine/appender.ts',
        '      if (!this.flush()) throw this.#notHeld();\n',
        `      if (this.recording !== 'on') throw this.#notHeld();
      this.#write();
      this.#syncs.slot?.wrote(this.position);
`,
      ),
    ],
    proof: schedules('one that syncs goes on at any step of a take-over'),
  },
  {
    name: 'a handle is used again after EIO',
    edits: [
      edit(
        'engine/appender.ts',
        `      this.#repeat(error);
      return this.recording === 'on' && this.syncSync();
`,
        '      return false;\n',
      ),
    ],
    proof: schedules('on the way out'),
  },
  {
    name: 'a repeat appears with its header first',
    edits: [
      edit(
        'engine/repeat.ts',
        "  segment.handle = vfs.open(temporary, 'create');\n",
        "  segment.handle = vfs.open(segment.path, 'create');\n",
      ),
      edit('engine/repeat.ts', '    vfs.link(temporary, segment.path);\n', ''),
    ],
    proof: schedules('of an owner, any of them'),
  },
  {
    name: 'the tail that cannot be synced is cut first, copied later',
    edits: [
      edit(
        'engine/owner.ts',
        '    const manifest: Manifest = {\n',
        `    if (copies > 0) {
      const kept = sealed.filter((each) => each.fence !== number && each.end > each.first);
      const segments = [...start.segments, ...kept];
      const first = { ...start, counter: counter + 1, fence: number, tailNumber: copies + 1 };
      const cut = { ...first, end: segments.at(-1)?.end ?? 0, segments };
      const name = manifestName(counter + 1);
      if (!publish(vfs, directory, name, encodeManifest(cut), { sync: true })) continue;
    }
    const manifest: Manifest = {
`,
      ),
      edit(
        'engine/owner.ts',
        '      counter: counter + 1,\n',
        '      counter: counter + (copies > 0 ? 2 : 1),\n',
      ),
      edit(
        'engine/owner.ts',
        '      !publish(vfs, directory, manifestName(counter + 1), encodeManifest(manifest), { sync: true })\n',
        '      !publish(vfs, directory, manifestName(manifest.counter), encodeManifest(manifest), { sync: true })\n',
      ),
    ],
    proof: schedules('of the tail that a successor is about to seal'),
  },
  {
    name: 'a copy of the tail that lost its manifest is read as the tail',
    edits: [
      edit(
        'engine/owner.ts',
        '      tailNumber: copies + 1,\n',
        '      tailNumber: sealed.filter((each) => each.fence === number).length + 1,\n',
      ),
    ],
    proof: schedules('of the tail that a successor is about to seal'),
  },
];
