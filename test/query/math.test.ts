// The functions of `math` that JavaScript has not: the answers of CPython 3.11, bit by bit where the result is
// exact, else to some units of the last place.

import { describe, expect, it } from 'vitest';
import { parseRowValue, RowFailures, RunObject } from '../../src/query/query.ts';
import { memoryRun } from './memory-facts.ts';

const run = new RunObject(memoryRun({}));

async function answer(text: string): Promise<unknown> {
  const failures = new RowFailures();
  const found = (await parseRowValue(text)).value(run, undefined, failures);
  return failures.kinds[0]?.message.split(':')[0] ?? found;
}

it.each([
  ['math.lcm(4, 6, 10)', '60'],
  ['math.lcm()', '1'],
  ['math.lcm(0, 5)', '0'],
  ['math.lcm(-4, 6)', '12'],
  ['math.gcd(12, 18, 27)', '3'],
  ['math.gcd()', '0'],
  ['math.perm(5, 2)', '20'],
  ['math.perm(5)', '120'],
  ['math.perm(2, 5)', '0'],
  ['math.perm(-1, 5)', 'ValueError'],
  ['math.hypot(2, 3, 6)', '7.0'],
  ['math.hypot()', '0.0'],
  ['math.dist([0, 0], [3, 4])', '5.0'],
  ['math.dist([0], [3, 4])', 'ValueError'],
  ['math.fsum([0.1] * 10)', '1.0'],
  ['math.fsum([1e100, 1, -1e100])', '1.0'],
  ['math.fsum([5e-324, 5e-324])', '1e-323'],
  ["math.fsum([float('inf'), -float('inf')])", 'ValueError'],
  ['math.fsum([])', '0.0'],
  ['math.frexp(8)', '(0.5, 4)'],
  ['math.frexp(-0.1)', '(-0.8, -3)'],
  ['math.frexp(5e-324)', '(0.5, -1073)'],
  ['math.frexp(1.7976931348623157e308)', '(0.9999999999999999, 1024)'],
  ['math.frexp(0)', '(0.0, 0)'],
  ['math.ldexp(1, 3)', '8.0'],
  ['math.ldexp(0.75, -1074)', '5e-324'],
  ['math.ldexp(1.7, -1073)', '1.5e-323'],
  ['math.ldexp(1, 1024)', 'OverflowError'],
  ['math.ldexp(5e-324, 2000)', '5.67251933470834e+278'],
  ['math.ldexp(5e-324, 1074)', '1.0'],
  ['math.ldexp(1, -2000)', '0.0'],
  ['math.modf(-3.25)', '(-0.25, -3.0)'],
  ["math.modf(float('inf'))", '(0.0, inf)'],
  ['math.modf(-2)', '(-0.0, -2.0)'],
  ['math.remainder(7, 2)', '-1.0'],
  ['math.remainder(5, 2)', '1.0'],
  ['math.remainder(6, 4)', '-2.0'],
  ['math.remainder(-7.5, 2)', '0.5'],
  ["math.remainder(1, float('inf'))", '1.0'],
  ['math.remainder(1, 0)', 'ValueError'],
  ['math.nextafter(1, 2)', '1.0000000000000002'],
  ['math.nextafter(0, -1)', '-5e-324'],
  ['math.nextafter(-1, 0)', '-0.9999999999999999'],
  ['math.ulp(1)', '2.220446049250313e-16'],
  ['math.ulp(1.7976931348623157e308)', '1.99584030953472e+292'],
  ['math.ulp(0)', '5e-324'],
  ['math.gamma(5)', '24.0'],
  ['math.gamma(0)', 'ValueError'],
  ['math.gamma(172)', 'OverflowError'],
  ['math.lgamma(1)', '0.0'],
  ['math.lgamma(0)', 'ValueError'],
  ['math.gamma(-200.5)', '-0.0'],
  ['math.gamma(-201.5)', '0.0'],
  ['math.gamma(-177.5)', '5e-324'],
  ['math.gamma(-1e300)', 'ValueError'],
  ["math.gamma(-float('inf'))", 'ValueError'],
  ['math.gamma(1e-310)', 'OverflowError'],
  ['math.gamma(171.7)', 'OverflowError'],
  ['math.lgamma(1e306)', 'OverflowError'],
  ["math.lgamma(-float('inf'))", 'inf'],
  // No number of a float is too large for them.
  ['math.degrees(1e308)', 'inf'],
  ['math.degrees(-1e308)', '-inf'],
  ['math.hypot(1.7e308, 1.7e308)', 'inf'],
  ['math.dist([1e308], [-1e308])', 'inf'],
  // Ints that are no float.
  ['math.log2(10**400)', '1328.771237954945'],
  ['math.log10(10**400)', '400.0'],
  ['math.log(10**400)', '921.0340371976182'],
  ['math.log2(2**1030)', '1030.0'],
  ['math.log2(2**2000 + 1)', '2000.0'],
  ['math.log(10**400, 10)', '399.99999999999994'],
  ['math.log2(-10**400)', 'ValueError'],
  ['math.log(-10**400)', 'ValueError'],
  ['math.sqrt(10**400)', 'OverflowError'],
  // A pole is out of the domain; what is too large is an overflow.
  ['math.atanh(1.0)', 'ValueError'],
  ['math.atanh(-1)', 'ValueError'],
  ['math.log1p(-1)', 'ValueError'],
  ['math.pow(0, -1)', 'ValueError'],
  ['math.pow(-0.0, -1.5)', 'ValueError'],
  ["math.pow(0, -float('inf'))", 'inf'],
  ['math.pow(-8, 0.5)', 'ValueError'],
  ['math.pow(1e300, 2)', 'OverflowError'],
  ["math.pow(1, float('nan'))", '1.0'],
  ["math.pow(-1, float('inf'))", '1.0'],
  ['math.log(0, 1)', 'ValueError'],
  ['math.log(1, 0)', 'ValueError'],
  ['math.log(2, 1)', 'ZeroDivisionError'],
  ["math.log('a', 0)", 'TypeError'],
  ['math.exp(1000)', 'OverflowError'],
  ['math.isclose(1, 1, rel_tol=-1)', 'ValueError'],
  ['math.isclose(1, 1, abs_tol=-1)', 'ValueError'],
  ["string.capwords('  some  wORDS here ')", "'Some Words Here'"],
  ["string.capwords('a-b', '-')", "'A-B'"],
])('%s', async (text, wanted) => {
  expect(await answer(`repr(${text})`)).toBe(wanted);
});

describe('near', () => {
  it.each([
    ['math.erf(0.5)', 0.5204998778130465],
    ['math.erf(-1)', -0.8427007929497149],
    ['math.erf(2.5)', 0.999593047982555],
    ['math.erfc(0.5)', 0.4795001221869535],
    ['math.erfc(3)', 2.2090496998585438e-5],
    ['math.erfc(-2)', 1.9953222650189528],
    ['math.erfc(10)', 2.088487583762545e-45],
    ['math.erfc(24.8178)', 7.315841308213585e-270],
    ['math.erfc(26.3)', 8.590249058794047e-303],
    ['math.gamma(0.5)', 1.7724538509055159],
    ['math.gamma(-1.5)', 2.3632718012073544],
    ['math.gamma(170.5)', 5.56209241456e305],
    ['math.gamma(170.6)', 9.295995953500918e305],
    ['math.gamma(-171.5)', 1.9316265431712e-310],
    ['math.gamma(1e-308)', 1e308],
    ['math.gamma(-0.3)', -4.326851108825192],
    ['math.gamma(33.7)', 3.032162654739872e36],
    ['math.lgamma(1e-310)', 713.8013788281542],
    ['math.lgamma(5e-324)', 744.4400719213812],
    ['math.lgamma(-5e-324)', 744.4400719213812],
    ['math.lgamma(1e305)', 7.01288453363184e307],
    ['math.lgamma(0.1)', 2.2527126517342055],
    ['math.lgamma(100)', 359.1342053695754],
    ['math.lgamma(-0.5)', 1.265512123484645],
  ])('%s', async (text, wanted) => {
    const found = (await answer(text)) as number;
    expect(Math.abs(found - wanted) / Math.abs(wanted), String(found)).toBeLessThan(4e-15);
  });
});
