// Signals that reach this process while a child runs: the child decides what they do.
//
// 1. Ctrl-C and Ctrl-\ of a terminal reach the whole group, the child as well: it gets them once. Without
//    a terminal, and for all others, it gets what we get.
// 2. This process does not end by them: it waits for the child, and says how that ended.
//
// Test: test/cli/exec.test.ts.

type Kill = (signal: NodeJS.Signals) => boolean;

const ofTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];
const others: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

export interface ForwardedSignals {
  /** From now on; what came before is sent now. */
  to(kill: Kill): void;
  stop(): void;
}

export function forwardSignals(): ForwardedSignals {
  let kill: Kill | undefined;
  const early: NodeJS.Signals[] = [];
  const isOnTerminal = [process.stdin, process.stdout, process.stderr].some((each) => each.isTTY);
  const handle = (signal: NodeJS.Signals): void => {
    if (kill === undefined) early.push(signal);
    else if (!isOnTerminal || !ofTerminal.includes(signal)) kill(signal);
  };
  const all = [...ofTerminal, ...others];
  for (const each of all) process.on(each, handle);
  return {
    to(given) {
      kill = given;
      for (const each of early) kill(each);
    },
    stop() {
      for (const each of all) process.off(each, handle);
    },
  };
}
