export function buildTools(directory: string): { status: number; output: string };
