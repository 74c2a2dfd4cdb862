// Lines that a program printed, for printing again: colours stay where there are colours, nothing else
// of them speaks to the terminal. Pure but for that.
//
// Test: test/cli/logs.test.ts.

import { escaped, hasColours } from './print.ts';
import { widthOf } from './text-width.ts';

/** Colours and styles: what a captured line may hold besides text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins them.
const styles = /(\u001b\[[0-9;:]*m)/;

export function lineText(text: string): string {
  const isColoured = hasColours();
  return text
    .split(styles)
    .map((part, index) => (index % 2 === 0 ? escaped(part) : isColoured ? part : ''))
    .join('');
}

/** Columns that the line takes. */
export const lengthOfLine = (text: string): number =>
  text.split(styles).reduce((sum, part, index) => sum + (index % 2 === 0 ? widthOf(part) : 0), 0);
