// Bytes that are believed too early or not at all.

import { edit, type Fault, type Proof } from './fault.ts';

const corruption: Proof = { file: 'engine/corruption.test.ts' };
const foreign: Proof = { file: 'engine/foreign-frames.test.ts' };

export const formatFaults: readonly Fault[] = [
  {
    name: 'salt ignored',
    edits: [
      edit(
        'engine/format/frame.ts',
        'xxh64(target.subarray(body, body + header.bodySize), salt)',
        'xxh64(target.subarray(body, body + header.bodySize), salt & 0n)',
      ),
      edit(
        'engine/format/frame.ts',
        'xxh64(target.subarray(offset, offset + HEADER_SUM_OFFSET), salt)',
        'xxh64(target.subarray(offset, offset + HEADER_SUM_OFFSET), salt & 0n)',
      ),
      edit(
        'engine/format/frame.ts',
        'xxh64(bytes.subarray(offset, offset + HEADER_SUM_OFFSET), salt)',
        'xxh64(bytes.subarray(offset, offset + HEADER_SUM_OFFSET), salt & 0n)',
      ),
      edit(
        'engine/format/frame.ts',
        'xxh64(bytes.subarray(body, bodyEnd), salt)',
        'xxh64(bytes.subarray(body, bodyEnd), salt & 0n)',
      ),
    ],
    proof: foreign,
  },
  {
    name: 'length believed before the header checksum',
    edits: [
      edit(
        'engine/format/frame.ts',
        '  const sum = xxh64(bytes.subarray(offset, offset + HEADER_SUM_OFFSET), salt);\n',
        `  if (offset + paddedSize(view.getUint32(offset + 4, true)) > limit)
    return 'ends within a frame body';
  const sum = xxh64(bytes.subarray(offset, offset + HEADER_SUM_OFFSET), salt);
`,
      ),
    ],
    proof: foreign,
  },
  {
    name: 'a search for the next frame skips by the length of a bad one',
    edits: [
      edit(
        'engine/segment-file.ts',
        "        if (typeof frame !== 'string') return frame;\n        break;\n",
        `        if (typeof frame !== 'string') return frame;
        place += paddedSize(this.#view.getUint32(place - this.#windowOffset + 4, true)) - 8;
        break;
`,
      ),
    ],
    proof: foreign,
  },
  {
    name: 'header checksum ignored',
    edits: [
      edit(
        'engine/format/frame.ts',
        '  if (view.getBigUint64(offset + HEADER_SUM_OFFSET, true) !== sum)',
        '  if (sum === -1n)',
      ),
    ],
    proof: corruption,
  },
  {
    name: 'body checksum ignored',
    edits: [
      edit(
        'engine/format/frame.ts',
        'return view.getBigUint64(offset + 32, true) === sum ?',
        'return sum !== -1n ?',
      ),
    ],
    proof: corruption,
  },
  {
    name: 'positions out of order accepted',
    edits: [
      edit(
        'engine/tail.ts',
        "if (typeof frame === 'string' || frame.header.first !== scan.end) {",
        "if (typeof frame === 'string') {",
      ),
    ],
    proof: foreign,
  },
  {
    name: 'torn reported as corrupt',
    edits: [
      edit(
        'engine/tail.ts',
        'const covered = whole || (found !== undefined && found.watermark > scan.end);',
        'const covered = whole || found !== undefined;',
      ),
    ],
    proof: {
      file: 'engine/schedules.test.ts',
      test: 'a take-over at any step, with the owner going on',
    },
  },
  {
    name: 'corrupt taken for torn',
    edits: [
      edit(
        'engine/tail.ts',
        'const covered = whole || (found !== undefined && found.watermark > scan.end);',
        'const covered = whole;',
      ),
    ],
    proof: corruption,
  },
  {
    name: 'damage of a sealed segment not reported',
    edits: [
      edit(
        'engine/log-reader.ts',
        '      damage.push({ file: file.path, offset: place, size: end - place, reason });\n',
        '',
      ),
    ],
    proof: corruption,
  },
  {
    name: 'last poll dropped: events are relied upon',
    edits: [
      edit(
        'engine/follow.ts',
        '    const timer = setTimeout(done, pollMs);\n',
        '    const timer = setTimeout(done, watch === undefined ? pollMs : 1e9);\n',
      ),
    ],
    proof: { file: 'engine/poll.test.ts' },
  },
  {
    name: 'last poll dropped: a round in which a file went away counts as seen',
    edits: [
      edit(
        'engine/follow.ts',
        '        if (round?.isWhole) seen = now;\n',
        '        seen = now;\n',
      ),
    ],
    proof: { file: 'engine/poll.test.ts' },
  },
];
