// What `follow --json` says of an event: a line whose shape its `type` decides.
//
// Spec: spec/command.md. Test: test/cli/command-page.test.ts.

import type { FollowEvent, RepoFollowEvent } from '../index.ts';

type Event = FollowEvent | RepoFollowEvent;
type Of<Type extends Event['type']> = Extract<Event, { type: Type }>;

export function eventFacts(event: Event): object {
  const { type, run, writer } = event;
  return { type, run, writer, ...contentOf(event) };
}

function contentOf(event: Event): object {
  switch (event.type) {
    case 'points':
      return pointFacts(event);
    case 'objects':
      return objectFacts(event);
    case 'params':
      // Without a value: it was unset.
      return { path: event.path, value: event.value };
    case 'state':
      return stateFacts(event);
    case 'rewind':
      return rewindFacts(event);
    case 'terminal':
      return { lines: event.lines };
    case 'log': {
      const { level, time, message, fields, place } = event;
      return { level, time, message, fields, place };
    }
  }
}

const pointFacts = ({ name, context, steps, values, times, epochs }: Of<'points'>): object => ({
  name,
  context,
  steps,
  values,
  times,
  epochs: Array.from(epochs, (epoch) => (Number.isNaN(epoch) ? null : epoch)),
});

const objectFacts = ({
  kind,
  name,
  context,
  step,
  epoch,
  time,
  objects,
}: Of<'objects'>): object => ({
  kind,
  name,
  context,
  step,
  epoch,
  time,
  objects: objects.map(({ size, hash }) => ({ size, sha256: hash })),
});

function stateFacts({ opening, close }: Of<'state'>): object {
  if (opening !== undefined) {
    const { openedAt, resumed, host, pid, thread, nodeVersion } = opening;
    return { opening: { openedAt, resumed, host, pid, thread, nodeVersion } };
  }
  const { closedAt, outcome, error, exitCode, origin } = close as NonNullable<typeof close>;
  return { close: { closedAt, outcome, error, exitCode, origin } };
}

function rewindFacts({ rewind, undone }: Of<'rewind'>): object {
  if (rewind === undefined) return { undone };
  const { id, step, name, contextText, time } = rewind;
  const context = contextText === undefined ? undefined : (JSON.parse(contextText) as object);
  return { rewind: { id, step, name, context, time } };
}
