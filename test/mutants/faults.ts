// Planted faults: each a wrong order or a missing check that has lost data somewhere, here or in another
// engine. The proofs must fail on each. `spec/mutants.md` lists them with the test that caught each.

export interface Fault {
  readonly name: string;
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

export const faults: readonly Fault[] = [
  {
    name: 'acknowledged before written',
    file: 'engine/appender.ts',
    search: '    try {\n      this.#segment.write();\n      this.#watch();',
    replace:
      '    this.acknowledged = this.position;\n    if (this.#segment.pending < 200) return true;\n    try {\n      this.#segment.write();\n      this.#watch();',
  },
  {
    name: 'fence checked before the write',
    file: 'engine/appender.ts',
    search:
      "      this.#segment.write();\n      this.#watch();\n      if (this.#options.onFlush === 'sync') this.#syncNow();\n      if (!this.#isMine()) return this.#end('fenced', undefined);",
    replace:
      "      if (!this.#isMine()) return this.#end('fenced', undefined);\n      this.#segment.write();\n      this.#watch();",
  },
  {
    name: 'fence not checked at all',
    file: 'engine/appender.ts',
    search: "      if (!this.#isMine()) return this.#end('fenced', undefined);\n    } catch",
    replace: '    } catch',
  },
  {
    name: 'mine before next',
    file: 'engine/owner.ts',
    search:
      '  if (vfs.stat(`${directory}/${fenceName(number + 1)}`) !== undefined) return false;\n  return vfs.stat(`${directory}/${fenceName(number)}`)?.identity === identity;',
    replace:
      '  if (vfs.stat(`${directory}/${fenceName(number)}`)?.identity !== identity) return false;\n  return vfs.stat(`${directory}/${fenceName(number + 1)}`) === undefined;',
  },
  {
    name: 'next alone, no mine',
    file: 'engine/owner.ts',
    search: '  return vfs.stat(`${directory}/${fenceName(number)}`)?.identity === identity;',
    replace: '  return identity !== "";',
  },
  {
    name: 'EEXIST answered by the same content under the next number',
    file: 'engine/owner.ts',
    search: '      counter: counter + 1,',
    replace: '      counter: counter + 1 + (listing.fences.length > 2 ? 1 : 0),',
  },
  {
    name: 'the loser unlinks its fence',
    file: 'engine/owner.ts',
    search: '    if (decided === undefined || !checkFence(vfs, directory, number, identity)) {\n',
    replace:
      '    if (decided === undefined || !checkFence(vfs, directory, number, identity)) {\n      unlinkQuietly(vfs, `${directory}/${fenceName(number)}`);\n',
  },
  {
    name: 'reader without its second listing',
    file: 'engine/snapshot.ts',
    search: '      if (newest(again.manifests) !== newest(listing.manifests)) continue;\n',
    replace: '',
  },
  {
    name: 'reader delivers an undecided tail',
    file: 'engine/snapshot.ts',
    search: 'const seen = decided ? tail : EMPTY_TAIL(manifest?.end ?? 0);',
    replace: 'const seen = tail;',
  },
  {
    name: 'no sync of the tail before the manifest that seals it',
    file: 'engine/owner.ts',
    search: '      vfs.sync(file);\n      sealed.push(segment);',
    replace: '      sealed.push(segment);',
  },
  {
    name: 'no directory sync before collecting',
    file: 'engine/owner.ts',
    search:
      '  if (directorySyncDue && manifests.length + segments.length > 0) vfs.syncDirectory(directory);\n',
    replace: '',
  },
  {
    name: 'no directory sync before a sync resolves',
    file: 'engine/directory-entries.ts',
    search: '    if (this.isDue) this.#vfs.syncDirectory(this.#directory);\n',
    replace: '',
  },
  {
    name: 'no directory sync of the parents',
    file: 'engine/directory-entries.ts',
    search:
      '    if (this.areParentsDue) for (const parent of this.#parents) this.#vfs.syncDirectory(parent);\n',
    replace: '',
  },
  {
    name: 'manifest linked before it is synced',
    file: 'engine/publish.ts',
    search: '    if (options.sync) vfs.sync(file);\n',
    replace: '',
  },
  {
    name: 'rolled without a sync',
    file: 'engine/appender.ts',
    search: '      this.#syncNow();\n      const end = segment.end;',
    replace: '      const end = segment.end;',
  },
  {
    name: 'no directory sync after a manifest',
    file: 'engine/appender.ts',
    search: '    vfs.syncDirectory(directory);\n    if (!this.#isMine())',
    replace: '    if (!this.#isMine())',
  },
  {
    name: 'a rewriting deletes its output whatever was linked',
    file: 'engine/rewrite.ts',
    search:
      '      if (!appender.manifest.segments.some((each) => segmentName(each) === segmentName(name)))\n        output.discard();',
    replace: '      output.discard();',
  },
  {
    name: 'a handle is used again after a failed sync',
    file: 'engine/trouble.ts',
    search: "  !(error instanceof SyncFailure) && OUT_OF_ROOM.has(errorCode(error) ?? '');",
    replace: "  OUT_OF_ROOM.has(errorCode(error) ?? '') || error instanceof SyncFailure;",
  },
  {
    name: 'salt ignored',
    file: 'engine/format/frame.ts',
    search:
      '  const sum = xxh64(bytes.subarray(offset, offset + HEADER_SUM_OFFSET), salt);\n  if (',
    replace:
      '  const sum = salt === 0n ? 0n : view.getBigUint64(offset + HEADER_SUM_OFFSET, true);\n  if (',
  },
  {
    name: 'body checksum ignored',
    file: 'engine/format/frame.ts',
    search:
      "  return view.getBigUint64(offset + 32, true) === sum ? undefined : 'frame body checksum';",
    replace: "  return sum === -1n ? 'frame body checksum' : undefined;",
  },
  {
    name: 'torn reported as corrupt',
    file: 'engine/tail.ts',
    search: 'const covered = whole || (found !== undefined && found.watermark > scan.end);',
    replace: 'const covered = whole || found !== undefined;',
  },
  {
    name: 'corrupt taken for torn',
    file: 'engine/tail.ts',
    search: 'const covered = whole || (found !== undefined && found.watermark > scan.end);',
    replace: 'const covered = whole;',
  },
  {
    name: 'damage of a sealed segment not reported',
    file: 'engine/log-reader.ts',
    search: '      damage.push({ file: file.path, offset: place, size: end - place, reason });\n',
    replace: '',
  },
  {
    name: 'watermark without a sync',
    file: 'engine/appender.ts',
    search: '    const watermark = this.durable;\n',
    replace: '    const watermark = this.position;\n',
  },
];
