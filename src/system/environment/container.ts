// Whether the program runs in a container, and which: from files and variables that the engines leave.
//
// Spec: spec/system-params.md. Test: test/system/environment/container.test.ts.

import { access, readFile } from 'node:fs/promises';

export interface ContainerSigns {
  readonly env: NodeJS.ProcessEnv;
  /** Text of /proc/self/cgroup and /proc/self/mountinfo; '' where there is none. */
  readonly cgroup: string;
  readonly mounts: string;
  readonly hasDockerFile: boolean;
  /** Text of /run/.containerenv, which Podman writes; undefined: there is none. */
  readonly podman: string | undefined;
}

/** Null: nothing says that it runs in one. */
export function containerOf(signs: ContainerSigns): Record<string, string> | null {
  const { env, cgroup, mounts, hasDockerFile, podman } = signs;
  const kind = kindOf(signs);
  const isOrchestrated = env['KUBERNETES_SERVICE_HOST'] !== undefined;
  if (kind === undefined && !isOrchestrated) return null;
  // Version 1 names it in the group, version 2 where the engine mounts its own files.
  const id =
    /[/-]([0-9a-f]{64})(?:\.scope)?$/m.exec(cgroup)?.[1] ??
    /\/containers\/(?:overlay-containers\/)?([0-9a-f]{64})\//.exec(mounts)?.[1];
  const image = /^image="([^"]+)"$/m.exec(podman ?? '')?.[1];
  return {
    kind: kind ?? (hasDockerFile ? 'docker' : 'unknown'),
    ...(id !== undefined && { id }),
    ...(image !== undefined && { image }),
    ...(isOrchestrated && { orchestrator: 'kubernetes' }),
  };
}

function kindOf({ env, cgroup, hasDockerFile, podman }: ContainerSigns): string | undefined {
  if (podman !== undefined) return 'podman';
  if (hasDockerFile) return 'docker';
  // Of systemd's convention: nspawn, lxc, podman and others name themselves.
  if (env['container']) return env['container'];
  const named = /\b(docker|libpod|lxc|kubepods|containerd)\b/.exec(cgroup)?.[1];
  if (named === 'libpod') return 'podman';
  return named === 'kubepods' ? 'containerd' : named;
}

/** Never rejects. */
export async function readContainer(
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string> | null> {
  const text = (path: string): Promise<string | undefined> =>
    readFile(path, 'utf8').catch(() => undefined);
  const [cgroup = '', mounts = '', podman, hasDockerFile] = await Promise.all([
    text('/proc/self/cgroup'),
    text('/proc/self/mountinfo'),
    text('/run/.containerenv'),
    access('/.dockerenv').then(
      () => true,
      () => false,
    ),
  ]);
  return containerOf({ env, cgroup, mounts, podman, hasDockerFile });
}
