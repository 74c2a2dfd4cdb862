// What `nvidia-smi --query-gpu` prints, as numbers: text in, values out.
//
// 1. A field that the card does not have ('[N/A]', '[Not Supported]', '[Unknown Error]') is absent; the
//    others of its line count.
// 2. A line that is not what was asked for gives nothing: half of one, an error text, other columns.
//
// Test: test/system/nvidia-text.test.ts.

/** What is asked for in the loop, in the order in which the columns are printed. */
export const sampleColumns = [
  'index',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
] as const;

/** What is asked for once. */
export const factColumns = ['index', 'name', 'driver_version', 'memory.total'] as const;

/** One card at one moment. Absent: it does not tell. */
export interface GpuReading {
  readonly index: number;
  /** Percent of the time since the last reading in which a kernel ran. */
  readonly utilization: number | undefined;
  readonly memoryPercent: number | undefined;
  /** Degrees Celsius. */
  readonly temperature: number | undefined;
  readonly powerWatts: number | undefined;
}

export interface GpuFacts {
  readonly index: number;
  readonly name: string;
  readonly driver: string | undefined;
  readonly memoryBytes: number | undefined;
}

const MIB = 1024 * 1024;

/** Undefined: the line is not a reading. */
export function parseGpuReading(line: string): GpuReading | undefined {
  const fields = line.split(',').map((each) => each.trim());
  if (fields.length !== sampleColumns.length) return undefined;
  const [index, utilization, used, total, temperature, power] = fields.map(amount);
  if (index === undefined || !Number.isInteger(index)) return undefined;
  const isKnown = used !== undefined && total !== undefined && total > 0;
  return {
    index,
    utilization,
    memoryPercent: isKnown ? (used * 100) / total : undefined,
    temperature,
    powerWatts: power,
  };
}

/** Names may hold commas: the first column and the last two are what they are. */
export function parseGpuFacts(line: string): GpuFacts | undefined {
  const fields = line.split(',').map((each) => each.trim());
  const index = amount(fields[0] ?? '');
  if (fields.length < factColumns.length || index === undefined) return undefined;
  const memory = amount(fields.at(-1) ?? '');
  const driver = fields.at(-2) ?? '';
  return {
    index,
    name: fields.slice(1, -2).join(', '),
    driver: /^\d[\d.]*$/.test(driver) ? driver : undefined,
    memoryBytes: memory === undefined ? undefined : memory * MIB,
  };
}

/** A number of 0 or more; undefined for anything else, as what a card does not support is. */
function amount(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
