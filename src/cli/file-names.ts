// Names of files for what a repo holds: its names are anybody's, and none leads out of the directory that was
// given. Pure.
//
// 1. A name that may be wrong on any system is changed on all: what was written here can be copied there.
//
// Test: test/cli/file-names.test.ts.

/** Bytes of a name as UTF-8: most file systems take 255, and an ending comes behind it. */
const NAME_BYTES_MAX = 160;

const deviceName = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/** One name in a directory, never empty, `.` or `..`: what any system takes for more than a letter is `_`. */
export function fileNameOf(text: string): string {
  const plain = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Z}\\/:*?"<>|]/gu, '_')
    // Hidden, or an option to whoever names it.
    .replace(/^[.-]+/, (signs) => '_'.repeat(signs.length));
  let name = '';
  let size = 0;
  for (const character of plain) {
    size += Buffer.byteLength(character);
    if (size > NAME_BYTES_MAX) break;
    name += character;
  }
  name = name.replace(/\.+$/, (dots) => '_'.repeat(dots.length));
  return name === '' || deviceName.test(name) ? `_${name}` : name;
}

/** What two names are where case and Unicode form do not count. */
const foldedName = (name: string): string => name.normalize('NFC').toUpperCase().toLowerCase();

/** Each name once, also where case does not count: a second one gets `~2` before its ending. */
export function uniqueNames(): (name: string, ending?: string) => string {
  const used = new Set<string>();
  return (name, ending = '') => {
    let found = name + ending;
    for (let count = 2; used.has(foldedName(found)); count += 1)
      found = `${name}~${count}${ending}`;
    used.add(foldedName(found));
    return found;
  };
}
