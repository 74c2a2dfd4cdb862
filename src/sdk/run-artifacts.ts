// The artifacts that a run is logging: `close` waits for them.
//
// 1. A failure rejects the promise of its artifact and is said once; the run goes on.
//
// Test: test/sdk/artifacts.test.ts.

import { nodeVfs } from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import type { CheckedArtifact } from './artifact-options.ts';
import type { Attachment, RunInside } from './attachment.ts';
import { type LoggedArtifact, logArtifact } from './log-artifact.ts';

export class RunArtifacts implements Attachment {
  readonly #run: RunInside;
  readonly #underWay = new Set<Promise<unknown>>();
  #isClosing = false;

  constructor(run: RunInside) {
    this.#run = run;
  }

  /** `repo`: the `.aim` directory. */
  async log(repo: string, artifact: CheckedArtifact): Promise<LoggedArtifact> {
    const { writer } = this.#run;
    const isClosed = (): boolean => this.#isClosing;
    const logged = logArtifact({ vfs: nodeVfs(), repo, writer, isClosed }, artifact);
    this.#underWay.add(logged);
    try {
      return await logged;
    } catch (thrown) {
      const error = asRunlogError(thrown, `artifact ${JSON.stringify(artifact.name)}`);
      if (error instanceof RunlogError) this.#run.report(error);
      throw error;
    } finally {
      this.#underWay.delete(logged);
    }
  }

  /** However long they take: they were asked for. */
  settle(): Promise<void> | undefined {
    this.#isClosing = true;
    if (this.#underWay.size === 0) return undefined;
    return Promise.allSettled(this.#underWay).then(() => {});
  }

  stop(): void {}
}

export const attachArtifacts = (run: RunInside): Attachment => new RunArtifacts(run);
