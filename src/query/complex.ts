// Complex numbers, as far as an expression comes upon them: a root of a negative number, `3j`.
//
// They are equal or not, and have no order. Test: test/query/functions.test.ts.

import { QueryFailure } from './failure.ts';
import { type MemberTable, members } from './methods.ts';
import { Structure, type Value } from './value.ts';

export class Complex extends Structure {
  readonly typeName = 'complex';
  readonly real: number;
  readonly imag: number;

  constructor(real: number, imag: number) {
    super();
    this.real = real;
    this.imag = imag;
  }
}

export const complexMembers: MemberTable<Complex> = members<Complex>(
  { 'conjugate()': (self) => new Complex(self.real, -self.imag) },
  { imag: (self) => self.imag, real: (self) => self.real },
);

/** Undefined: complex numbers do not know the operator. */
export function complexOperation(operator: string, a: Complex, b: Complex): Value | undefined {
  switch (operator) {
    case '+':
      return new Complex(a.real + b.real, a.imag + b.imag);
    case '-':
      return new Complex(a.real - b.real, a.imag - b.imag);
    case '*':
      return times(a, b);
    case '/':
      return divided(a, b);
    case '**':
      return power(a, b);
    default:
      return undefined;
  }
}

const times = (a: Complex, b: Complex): Complex =>
  new Complex(a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real);

/** By the larger part, so that squares do not overflow. */
function divided(a: Complex, b: Complex): Complex {
  if (b.real === 0 && b.imag === 0)
    throw new QueryFailure('ZeroDivisionError', 'complex division by zero');
  if (Math.abs(b.real) >= Math.abs(b.imag)) {
    const ratio = b.imag / b.real;
    const divisor = b.real + b.imag * ratio;
    return new Complex((a.real + a.imag * ratio) / divisor, (a.imag - a.real * ratio) / divisor);
  }
  const ratio = b.real / b.imag;
  const divisor = b.real * ratio + b.imag;
  return new Complex((a.real * ratio + a.imag) / divisor, (a.imag * ratio - a.real) / divisor);
}

function power(a: Complex, b: Complex): Complex {
  if (b.real === 0 && b.imag === 0) return new Complex(1, 0);
  if (a.real === 0 && a.imag === 0) {
    if (b.imag !== 0 || b.real < 0)
      throw new QueryFailure('ZeroDivisionError', '0.0 to a negative or complex power');
    return new Complex(0, 0);
  }
  if (b.imag === 0 && Number.isInteger(b.real) && Math.abs(b.real) <= 100) {
    // By products, as CPython does it: a square of whole parts has whole parts.
    let result = new Complex(1, 0);
    let square = a;
    for (let rest = Math.abs(b.real); rest > 0; rest >>>= 1) {
      if (rest % 2 === 1) result = times(result, square);
      square = times(square, square);
    }
    return b.real < 0 ? divided(new Complex(1, 0), result) : result;
  }
  const size = Math.hypot(a.real, a.imag);
  const angle = Math.atan2(a.imag, a.real);
  const length = size ** b.real * Math.exp(-angle * b.imag);
  const phase = angle * b.real + b.imag * Math.log(size);
  return new Complex(length * Math.cos(phase), length * Math.sin(phase));
}
