// The methods and properties of int, float and bool.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts.

import { charge } from './budget.ts';
import { type MemberTable, members } from './methods.ts';
import { bitLength, exactRatio } from './number.ts';
import { Tuple } from './value.ts';

export const integerMembers: MemberTable<bigint> = members<bigint>(
  {
    'as_integer_ratio()': (self) => new Tuple([self, 1n]),
    'bit_count()': (self) => {
      charge(1 + (bitLength(self) >>> 5));
      return BigInt((self < 0n ? -self : self).toString(2).replaceAll('0', '').length);
    },
    'bit_length()': (self) => BigInt(bitLength(self)),
    'conjugate()': (self) => self,
    // Of Python 3.12: a whole float of a parameter is an int here, and is asked it all the same.
    'is_integer()': () => true,
  },
  {
    denominator: () => 1n,
    imag: () => 0n,
    numerator: (self) => self,
    real: (self) => self,
  },
);

export const floatMembers: MemberTable<number> = members<number>(
  {
    'as_integer_ratio()': (self) => new Tuple(exactRatio(self)),
    'conjugate()': (self) => self,
    'hex()': hex,
    'is_integer()': (self) => Number.isInteger(self),
  },
  { imag: () => 0, real: (self) => self },
);

function hex(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  if (!Number.isFinite(size)) return `${sign}inf`;
  if (size === 0) return `${sign}0x0.0p+0`;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, size);
  const exponent = bits.getUint16(0) >>> 4;
  const fraction = (bits.getBigUint64(0) & 0xfffffffffffffn).toString(16).padStart(13, '0');
  const power = exponent === 0 ? -1022 : exponent - 1023;
  return `${sign}0x${exponent === 0 ? 0 : 1}.${fraction}p${power < 0 ? '' : '+'}${power}`;
}
