export function contentFaults(files: readonly string[]): string[];
