// Ends a test run with what was skipped, and why, and one line that a program can read:
// `N passed, N failed`. A file that cannot be loaded and an error outside any test are failures.

import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    let passed = 0;
    let failed = errors.length;
    const skipped: string[] = [];
    for (const module of modules) {
      let failedInModule = 0;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed++;
        if (result.state === 'failed') failedInModule++;
        if (result.state === 'skipped')
          skipped.push(`${test.fullName}: ${result.note ?? 'no reason given'}`);
      }
      // A hook or an import that failed marks the module, not one of its tests.
      failed += failedInModule === 0 && !module.ok() ? 1 : failedInModule;
    }
    for (const line of skipped) console.log(`skipped  ${line}`);
    console.log(`${passed} passed, ${failed} failed`);
  }
}
