// Names of file systems, and which of them other machines write to behind the kernel's back.
//
// 1. Linux only: elsewhere `statfs` gives numbers that change with the release, and a wrong name
//    would be worse than none.
// 2. FUSE counts as remote: its number does not tell sshfs from a local driver.
//
// Spec: spec/file-system.md. Test: test/engine/vfs.test.ts.

/** `f_type` of statfs(2) on Linux. */
const names: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'], // also ext2 and ext3, which share the number
  [0x5846_5342, 'xfs'],
  [0x9123_683e, 'btrfs'],
  [0x0102_1994, 'tmpfs'],
  [0x8584_58f6, 'ramfs'],
  [0x794c_7630, 'overlay'],
  [0x2fc1_2fc1, 'zfs'],
  [0xf2f5_2010, 'f2fs'],
  [0xca45_1a4e, 'bcachefs'],
  [0x2405_1905, 'ubifs'],
  [0x5265_4973, 'reiserfs'],
  [0x3153_464a, 'jfs'],
  [0xf15f, 'ecryptfs'],
  [0x4d44, 'fat'],
  [0x2011_bab0, 'exfat'],
  [0x7366_746e, 'ntfs'],
  [0x6969, 'nfs'],
  [0xff53_4d42, 'smb'],
  [0xfe53_4d42, 'smb'],
  [0x517b, 'smb'],
  [0x0102_1997, '9p'],
  [0x6573_5546, 'fuse'],
  [0x00c3_6400, 'ceph'],
  [0x0bd0_0bd0, 'lustre'],
  [0x4750_4653, 'gpfs'],
  [0x0116_1970, 'gfs2'],
  [0x7461_636f, 'ocfs2'],
  [0x1983_0326, 'beegfs'],
  [0x5346_414f, 'afs'],
  [0x7375_7245, 'coda'],
  [0x786f_4256, 'vboxsf'],
  [0xbacb_acbc, 'vmhgfs'],
]);

const remote: ReadonlySet<string> = new Set([
  ...['nfs', 'smb', '9p', 'fuse', 'ceph', 'lustre', 'gpfs', 'gfs2', 'ocfs2', 'beegfs', 'afs'],
  ...['coda', 'vboxsf', 'vmhgfs'],
]);

/** Name of a Linux file system by the type number of `statfs`, or undefined for an unknown one. */
export function fileSystemName(type: number): string | undefined {
  // 32-bit kernels give the numbers above 2^31 with their sign.
  return names.get(type >>> 0);
}

/**
 * Whether G5 is best effort here: another machine may hold the same directory, with its own cache.
 * A file system that cannot be told counts as local.
 */
export function isRemoteFileSystem(name: string | undefined): boolean {
  return name !== undefined && remote.has(name);
}
