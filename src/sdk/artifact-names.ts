// Names that one file system keeps and another does not. Pure.
//
// Spec: spec/artifacts.md, Downloading. Test: test/sdk/artifact-download.test.ts.

/** Two paths that are one where case and Unicode form do not count; undefined: there are none. */
export function foldedTwins(paths: readonly string[]): readonly [string, string] | undefined {
  const seen = new Map<string, string>();
  for (const path of paths) {
    let end = -1;
    do {
      end = path.indexOf('/', end + 1);
      // Also of each directory: `A/x` and `a/y` would be put into one.
      const part = end < 0 ? path : path.slice(0, end);
      const folded = part.normalize('NFC').toUpperCase().toLowerCase();
      const known = seen.get(folded);
      if (known !== undefined && known !== part) return [known, part];
      seen.set(folded, part);
    } while (end >= 0);
  }
  return undefined;
}

const deviceName = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/** Why Windows would take a path for another one; undefined: it would not. */
export function windowsFault(path: string): string | undefined {
  for (const part of path.split('/')) {
    if (/[\\:*?"<>|]/.test(part)) return 'it holds what Windows takes for no part of a name';
    if (/[. ]$/.test(part)) return 'Windows drops the dot or space at its end';
    if (deviceName.test(part)) return 'it is the name of a device';
  }
  return undefined;
}
