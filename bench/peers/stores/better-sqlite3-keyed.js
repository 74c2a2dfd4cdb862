// SQLite with the points of a sequence side by side: slower to write, fast to read.

import { openTable } from './better-sqlite3.js';

export const openStore = (directory, mode) => openTable(directory, mode, true);
export { readSequence } from './better-sqlite3.js';
