// Euler's gamma and the logarithm of its size, by the sum of Lanczos for 13 terms. g and the coefficients are
// those of Boost and of CPython, and so are the places where the formula changes.
//
// Spec: spec/query.md, Functions. Test: test/query/math.test.ts.

import { charge } from './budget.ts';
import { valueError } from './failure.ts';

const G = 6.02468004077673;
const SHIFT = G - 0.5;

/** From the constant term on. */
const ABOVE: readonly number[] = [
  23531376880.41076, 42919803642.6491, 35711959237.35567, 17921034426.03721, 6039542586.352028,
  1439720407.3117216, 248874557.86205417, 31426415.585400194, 2876370.6289353725,
  186056.26539522348, 8071.672002365816, 210.82427775157936, 2.5066282746310002,
];

/** Of x * (x + 1) * ... * (x + 11). */
const BELOW: readonly number[] = [
  0, 39916800, 120543840, 150917976, 105258076, 45995730, 13339535, 2637558, 357423, 32670, 1925,
  66, 1,
];

/** Requires: x > 0. In powers of 1 / x where those of x would grow. */
function lanczosSum(x: number): number {
  const polynomial = (terms: readonly number[]): number =>
    x < 5
      ? terms.reduceRight((sum, term) => sum * x + term, 0)
      : terms.reduce((sum, term) => sum / x + term, 0);
  return polynomial(ABOVE) / polynomial(BELOW);
}

/** sin(pi * x), exact where x is large: the multiples of a half are taken off before. Requires: x >= 0. */
function sineOfTurn(x: number): number {
  const turn = x % 2;
  const halves = Math.round(turn * 2);
  const rest = Math.PI * (turn - halves / 2);
  const size = halves % 2 === 0 ? Math.sin(rest) : Math.cos(rest);
  return halves % 4 >= 2 ? -size : size;
}

const isPole = (x: number): boolean => x <= 0 && Number.isInteger(x);

/** @throws QueryFailure ValueError at a pole and of -inf. An infinity of a number: it is beyond all floats. */
export function gamma(x: number): number {
  if (Number.isNaN(x) || x === Number.POSITIVE_INFINITY) return x;
  if (isPole(x) || x === Number.NEGATIVE_INFINITY) throw valueError('math domain error');
  if (Number.isInteger(x) && x < 24) return factorialBelow(x);
  const size = Math.abs(x);
  if (size < 1e-20) return 1 / x;
  if (size > 200) return x > 0 ? Number.POSITIVE_INFINITY : -0 * Math.sign(sineOfTurn(size));
  charge(8);
  const base = size + SHIFT;
  // What the addition has rounded off, which the power would make large.
  const excess = size > SHIFT ? base - size - SHIFT : base - SHIFT - size;
  const correction = (excess * G) / base;
  // Twice the half of the power, which may be beyond a float where the result is not.
  const power = base ** (size / 2 - 0.25);
  if (x > 0) {
    const sum = lanczosSum(size) / Math.exp(base);
    return (sum + correction * sum) * power * power;
  }
  const sum = ((-Math.PI / sineOfTurn(size) / size) * Math.exp(base)) / lanczosSum(size);
  return (sum - correction * sum) / power / power;
}

function factorialBelow(x: number): number {
  let product = 1;
  for (let factor = 2; factor < x; factor += 1) product *= factor;
  return product;
}

/** @throws QueryFailure ValueError at a pole. */
export function logGamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return Number.POSITIVE_INFINITY;
  if (isPole(x)) throw valueError('math domain error');
  if (x === 1 || x === 2) return 0;
  const size = Math.abs(x);
  if (size < 1e-20) return -Math.log(size);
  charge(8);
  const result = Math.log(lanczosSum(size)) - G + (size - 0.5) * (Math.log(size + SHIFT) - 1);
  if (x > 0) return result;
  return Math.log(Math.PI) - Math.log(Math.abs(sineOfTurn(size))) - Math.log(size) - result;
}
