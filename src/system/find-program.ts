// Where on PATH a program is: looked up without starting anything.
//
// A process is forked to find out that a program is missing, and forking stops the event loop for as
// long as copying the page tables takes: tens of milliseconds in a job that holds gigabytes. Looking it
// up is a few calls of the thread pool.
//
// Test: test/system/machine.test.ts.

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';

const suffixes = process.platform === 'win32' ? ['.exe'] : [''];

/** The path of the first such file that may be executed, or undefined. Relative entries do not count. */
export async function findProgram(
  name: string,
  search: string = process.env['PATH'] ?? '',
): Promise<string | undefined> {
  const folders = search.split(path.delimiter).filter((each) => path.isAbsolute(each));
  const candidates = folders.flatMap((folder) =>
    suffixes.map((suffix) => path.join(folder, name + suffix)),
  );
  const found = await Promise.all(candidates.map(isExecutable));
  return candidates.find((_, index) => found[index]);
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
