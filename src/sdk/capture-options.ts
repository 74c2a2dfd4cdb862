// Options of what is captured beside the program, and the check at the door.
//
// Test: test/sdk/options.test.ts.

import { checkMembers, checkType } from '../model/check.ts';
import { given } from '../model/given.ts';
import type { RedactOptions } from '../system/redact/redactor.ts';

/** What `logSystemParams` captures. */
export interface SystemParamsOptions {
  /**
   * Bytes of the git diff against HEAD that are kept; longer ones are cut and say so. 0: none.
   * Default 65,536.
   */
  readonly diffSizeMax?: number | undefined;
}

/** How `captureTerminalLogs` keeps lines. */
export interface TerminalOptions {
  /** 'keep': with the colours that they were printed in; 'strip': text alone. Default 'keep'. */
  readonly colors?: 'keep' | 'strip' | undefined;
  /** Secrets in lines become `[redacted]` before they are written. Costs time a line. Default false. */
  readonly redact?: boolean | undefined;
}

export type { RedactOptions };

const systemParamsNames = new Set(['diffSizeMax']);
const terminalNames = new Set(['colors', 'redact']);
const redactNames = new Set(['allow', 'deny', 'rules']);
const ruleNames = new Set(['name', 'pattern']);

const DIFF_SIZE_LIMIT = 1024 * 1024;

/** @throws TypeError, RangeError naming the option and what was given. */
export function checkSystemParamsOptions(value: unknown): void {
  if (isSwitch(value)) return;
  checkMembers(value, 'logSystemParams', systemParamsNames);
  const { diffSizeMax } = value as Record<string, unknown>;
  if (diffSizeMax === undefined) return;
  const isSize = Number.isInteger(diffSizeMax) && (diffSizeMax as number) >= 0;
  if (!isSize || (diffSizeMax as number) > DIFF_SIZE_LIMIT)
    throw new RangeError(
      `logSystemParams.diffSizeMax: expected 0 to ${DIFF_SIZE_LIMIT} bytes, got ${given(diffSizeMax)}`,
    );
}

/** @throws TypeError, RangeError naming the option and what was given. */
export function checkTerminalOptions(value: unknown): void {
  if (isSwitch(value)) return;
  checkMembers(value, 'captureTerminalLogs', terminalNames);
  const { colors, redact } = value as Record<string, unknown>;
  if (colors !== undefined && colors !== 'keep' && colors !== 'strip')
    throw new RangeError(
      `captureTerminalLogs.colors: expected 'keep' or 'strip', got ${given(colors)}`,
    );
  checkType(redact, 'boolean', 'captureTerminalLogs.redact');
}

/** @throws TypeError naming the option and what was given. */
export function checkRedactOptions(value: unknown): void {
  if (value === undefined) return;
  checkMembers(value, 'redact', redactNames);
  const { allow, deny, rules } = value as Record<string, unknown>;
  checkPatterns(allow, 'redact.allow');
  checkPatterns(deny, 'redact.deny');
  if (rules === undefined) return;
  if (!Array.isArray(rules))
    throw new TypeError(`redact.rules: expected an array, got ${given(rules)}`);
  for (const [index, rule] of rules.entries()) {
    const place = `redact.rules[${index}]`;
    checkMembers(rule, place, ruleNames);
    const { name, pattern } = rule as Record<string, unknown>;
    if (typeof name !== 'string' || name === '')
      throw new TypeError(`${place}.name: expected a string, got ${given(name)}`);
    if (!(pattern instanceof RegExp))
      throw new TypeError(`${place}.pattern: expected a RegExp, got ${given(pattern)}`);
  }
}

const isSwitch = (value: unknown): boolean => value === undefined || typeof value === 'boolean';

function checkPatterns(value: unknown, argument: string): void {
  if (value === undefined) return;
  if (!Array.isArray(value))
    throw new TypeError(`${argument}: expected an array, got ${given(value)}`);
  for (const [index, each] of value.entries()) {
    if (typeof each !== 'string' && !(each instanceof RegExp))
      throw new TypeError(`${argument}[${index}]: expected a string or RegExp, got ${given(each)}`);
  }
}
