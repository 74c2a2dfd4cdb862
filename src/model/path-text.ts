// A path of params as a query names it: `run.hparams.lr`, and `run["hparams.lr"]` for one key that holds a
// dot.
//
// 1. Different texts for different paths.
// 2. Pasted into a query the text is that param, never a property of the run or a method.
//
// Spec: spec/query.md, Names. Test: test/model/path-text.test.ts.

/** Words of Python, which stand behind no dot. */
const keywords = new Set([
  ...['False', 'None', 'True', 'and', 'as', 'assert', 'async', 'await', 'break', 'class'],
  ...['continue', 'def', 'del', 'elif', 'else', 'except', 'finally', 'for', 'from', 'global'],
  ...['if', 'import', 'in', 'is', 'lambda', 'nonlocal', 'not', 'or', 'pass', 'raise', 'return'],
  ...['try', 'while', 'with', 'yield'],
]);

/** Properties and the method of a run in a query: behind `run.` they are these, whatever its params are. */
export const runMemberNames: ReadonlySet<string> = new Set([
  ...['hash', 'name', 'experiment', 'description', 'tags', 'notes', 'archived', 'state', 'active'],
  ...['created_at', 'creation_time', 'finalized_at', 'end_time', 'updated_at', 'duration', 'host'],
  ...['writers', 'openings', 'metrics', 'info', 'get'],
]);

/** Methods of a dict in a query: of params too they are these. */
export const dictMethodNames: ReadonlySet<string> = new Set([
  ...['clear', 'copy', 'fromkeys', 'get', 'items', 'keys', 'pop', 'popitem', 'setdefault'],
  ...['update', 'values'],
]);

const isName = (key: string): boolean => /^[A-Za-z_]\w*$/.test(key) && !keywords.has(key);

/**
 * `head`: what it stands behind. 'run': a whole expression. 'params': the name of a column. Default: what
 * stands in a query behind `run.`, or behind `run` where it begins with a bracket.
 */
export function pathText(path: readonly string[], head: 'run' | 'params' | '' = ''): string {
  return path.reduce((text, key, index) => {
    const taken = index > 0 ? dictMethodNames : head === 'params' ? undefined : runMemberNames;
    if (!isName(key) || taken?.has(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, head as string);
}
