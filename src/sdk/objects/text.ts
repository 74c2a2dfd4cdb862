// A text at a step: a sample of what a model said, a configuration, a message.
//
// Test: test/sdk/objects.test.ts.

import { checkUtf8, TrackedObject, utf8 } from './tracked-object.ts';

/** A text to be tracked at a step. */
export class Text extends TrackedObject {
  readonly text: string;

  /** At most 4 MiB (textSizeMax). @throws TypeError, RangeError. */
  constructor(text: string) {
    checkUtf8(text, 'text', 'textSizeMax');
    super('texts', 'text/plain', utf8(text), {});
    this.text = text;
  }
}
