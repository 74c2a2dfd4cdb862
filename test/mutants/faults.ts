// Planted faults: each a wrong order or a missing check that has lost data somewhere, here or in another
// engine. The test named with each must fail on it. spec/mutants.md lists them.

import { diskFaults } from './disk-faults.ts';
import type { Fault } from './fault.ts';
import { formatFaults } from './format-faults.ts';
import { ownershipFaults } from './ownership-faults.ts';

export const faults: readonly Fault[] = [...ownershipFaults, ...diskFaults, ...formatFaults];
