// Which container a program runs in is told from what the engines leave, and null where they left nothing.

import { expect, it } from 'vitest';
import { containerOf, readContainer } from '../../../src/system/environment/container.ts';

const id = 'a1'.repeat(32);
const none = { env: {}, cgroup: '', mounts: '', hasDockerFile: false, podman: undefined };

it('each engine by its own signs', () => {
  expect(containerOf(none)).toBeNull();
  expect(
    containerOf({ ...none, cgroup: '0::/user.slice/user-1000.slice/session-3.scope\n' }),
  ).toBeNull();
  expect(containerOf({ ...none, hasDockerFile: true, cgroup: `12:cpu:/docker/${id}\n` })).toEqual({
    kind: 'docker',
    id,
  });
  const mounts = `601 590 254:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw - ext4\n`;
  expect(containerOf({ ...none, hasDockerFile: true, cgroup: '0::/\n', mounts })).toEqual({
    kind: 'docker',
    id,
  });
  const podman = 'engine="podman-4.3.1"\nimage="docker.io/library/node:22"\n';
  expect(containerOf({ ...none, podman, cgroup: `0::/libpod-${id}.scope` })).toEqual({
    kind: 'podman',
    id,
    image: 'docker.io/library/node:22',
  });
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
  const pod = `11:memory:/kubepods/burstable/pod1234/${id}\n`;
  expect(containerOf({ ...none, env, cgroup: pod })).toEqual({
    kind: 'containerd',
    id,
    orchestrator: 'kubernetes',
  });
  expect(containerOf({ ...none, env, cgroup: '0::/\n' })).toEqual({
    kind: 'unknown',
    orchestrator: 'kubernetes',
  });
  expect(containerOf({ ...none, env: { container: 'lxc' } })).toEqual({ kind: 'lxc' });
});

it('of this machine is an answer, whichever', async () => {
  const found = await readContainer({ container: 'systemd-nspawn' });
  expect(found?.['kind']).toMatch(/./);
});
