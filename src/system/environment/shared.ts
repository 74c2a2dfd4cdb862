// One answer for all who ask the same while it is being found: runs that are opened together are of one
// program on one machine.
//
// 1. Nothing is kept once it is found: who asks later gets what is true then.
// 2. The search is ended when everybody who waits for it has been.
//
// Test: test/system/environment/shared.test.ts.

interface Search {
  readonly answer: Promise<unknown>;
  readonly ending: AbortController;
  waiting: number;
}

/** By whose environment it is: what is asked for another program is another question. */
const searches = new WeakMap<object, Map<string, Search>>();

export interface Question {
  readonly of: object;
  readonly key: string;
  /** Of who asks. */
  readonly signal: AbortSignal;
}

export function shared<Answer>(
  { of, key, signal }: Question,
  find: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const byKey = searches.get(of) ?? new Map<string, Search>();
  searches.set(of, byKey);
  const search = byKey.get(key) ?? begin(byKey, key, find);
  search.waiting += 1;
  const leave = (): void => {
    search.waiting -= 1;
    if (search.waiting > 0) return;
    if (byKey.get(key) === search) byKey.delete(key);
    search.ending.abort();
  };
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  return search.answer as Promise<Answer>;
}

function begin<Answer>(
  byKey: Map<string, Search>,
  key: string,
  find: (signal: AbortSignal) => Promise<Answer>,
): Search {
  const ending = new AbortController();
  const answer = find(ending.signal);
  const search: Search = { answer, ending, waiting: 0 };
  byKey.set(key, search);
  const forget = (): void => {
    if (byKey.get(key) === search) byKey.delete(key);
  };
  answer.then(forget, forget);
  return search;
}
