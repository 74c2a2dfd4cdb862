// What a message says to write instead can be written: it has the names and the texts of the query that
// was refused, and is right of them.

import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/model/nearest.ts';
import { parseQuery } from '../../src/query/query.ts';

describe('what is to be written is made of what was written', () => {
  it.each([
    ["run.name matches 'a'", "write re.search('a', run.name)"],
    ["run.name like 'trial%'", "write 'trial' in run.name, or re.search('trial', run.name)"],
    ["run.lr > 1 and run.name LIKE '%a%b'", "write re.search('a.*b', run.name)"],
    [
      "run.name not like 'trial%'",
      "write 'trial' not in run.name, or not re.search('trial', run.n",
    ],
    ["run.tags contains 'best'", "write 'best' in run.tags"],
    ["run['a b'].x contains 3", "write 3 in run['a b'].x"],
    ['run.tags not contains "best"', 'write "best" not in run.tags'],
    ['run.tags contains run.name', 'write run.name in run.tags'],
    ['contains', "'contains' is not known: write 'part' in value"],
    ["run.name contains ('a' + 'b')", "write 'part' in run.name"],
    ["run.a['x'].items()[0].tags contains 'best'", "write 'best' in value"],
    ["sorted(run.tags) contains 'best'", "write 'best' in value"],
    ["run.a and contains 'best'", "write 'best' in value"],
    ["run.a and not like 'best'", "write 'best' not in value"],
    ["run.a == 1 and run.h['a']['b'] contains 'x'", "write 'x' in run.h['a']['b']"],
    ["run.like 'best'", "''' does not fit here"],
    ["run.h['and'] contains 'x'", "write 'x' in run.h['and']"],
    ["run.name =~ 'x'", "write re.search('x', run.name)"],
    ["run.lr > 1 and run.name=~'x'", "write re.search('x', run.name)"],
    ["run.name !~ 'x'", "write not re.search('x', run.name)"],
    ["run.metrics['loss', subset='val'].last < 1", "write run.metrics['loss', {'subset': 'val'}]"],
    ["run.metrics['a, b', rank = 0, x=True].last", "run.metrics['a, b', {'rank': 0, 'x': True}]"],
    ["run.metrics['loss', subset=run.a].last", "run.metrics['loss', {'subset': run.a}]"],
    [
      "run.metrics['loss', context={'subset': 'val'}]",
      "write run.metrics['loss', {'subset': 'val'}]",
    ],
    ["run.name startswith 'a'", "write run.name.startswith('a')"],
    ["run.name not endsWith 'a'", "write not run.name.endswith('a')"],
    ["run.metric('loss').last < 1", "write run.metrics['loss']"],
    ["run.metrics('loss', {'subset': 'val'}).last", "write run.metrics['loss', {'subset': 'val'}]"],
    ["run.metrics('loss', subset='val').last", "write run.metrics['loss', {'subset': 'val'}]"],
    ['run.get_metric(run.name).last', "write run.metrics['loss', {'subset': 'val'}]"],
    ['run.metric().last < 1', "write run.metrics['loss', {'subset': 'val'}]"],
  ])('%s', async (text, part) => {
    await expect(parseQuery(text, 'run')).rejects.toMatchObject({
      code: 'QUERY_SYNTAX',
      message: expect.stringContaining(part),
    });
  });

  it.each([
    'run.a==~1',
    'run.a == ~ 1 or run.a<=~1 or run.a!=~1',
    "'=~' == run.metrics['a', 'x=1']",
    'run.like == run.contains',
  ])('%s is none of them', async (text) => {
    await parseQuery(text, 'run');
  });
});

it('near is also what a name begins', () => {
  expect(nearest('created', ['creation_time', 'created_at'])).toBe('created_at');
  expect(nearest('end', ['end_of_all', 'end_time'])).toBe('end_time');
  expect(nearest('lr', ['lr_decay', 'Lr'])).toBe('Lr');
  expect(nearest('e', ['e_time'])).toBeUndefined();
});
