// Comma-separated values, RFC 4180: quoted where a field needs it. Pure.
//
// Test: test/cli/export.test.ts.

export const csvField = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

export const csvLine = (fields: readonly string[]): string => `${fields.map(csvField).join(',')}\n`;
