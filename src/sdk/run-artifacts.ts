// The artifacts that a run is logging: `close` waits for them.
//
// 1. A failure rejects the promise of its artifact, and is reported only where nobody awaits that; the run
//    goes on.
//
// Test: test/sdk/artifacts.test.ts.

import { nodeVfs } from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import type { CheckedArtifact } from './artifact-options.ts';
import type { Attachment, RunInside } from './attachment.ts';
import { heard } from './heard.ts';
import { type LoggedArtifact, logArtifact } from './log-artifact.ts';

export class RunArtifacts implements Attachment {
  readonly #run: RunInside;
  readonly #underWay = new Set<Promise<unknown>>();
  #isClosing = false;

  constructor(run: RunInside) {
    this.#run = run;
  }

  /** `repo`: the `.aim` directory. */
  log(repo: string, artifact: CheckedArtifact): Promise<LoggedArtifact> {
    const { writer } = this.#run;
    const isClosed = (): boolean => this.#isClosing;
    const logged = logArtifact({ vfs: nodeVfs(), repo, writer, isClosed }, artifact).catch(
      (error: unknown) => {
        throw asRunlogError(error, `artifact ${JSON.stringify(artifact.name)}`);
      },
    );
    const done = logged.finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return heard(done, (error) => {
      if (error instanceof RunlogError) this.#run.report(error);
    });
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
