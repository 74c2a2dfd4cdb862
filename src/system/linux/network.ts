// Bytes through the network interfaces: /proc/net/dev.
//
// Spec: spec/system-metrics.md. Test: test/system/linux.test.ts.

/**
 * The loop-back, and what carries bytes that pass another interface as well: bridges and the ends of
 * containers, tunnels, bonds, VLANs. Counting them would count each byte twice.
 */
const NOT_COUNTED =
  /^(lo\d*|veth.*|docker.*|br-.*|bridge.*|virbr.*|vnet.*|ifb.*|dummy.*|tun.*|tap.*|utun.*|wg.*|cni.*|flannel.*|cali.*|bond.*|team.*|gif.*|stf.*|awdl.*|llw.*|.*\.\d+)$/;

export const isCounted = (name: string): boolean => !NOT_COUNTED.test(name);

/** Bytes in and out of the interfaces that count, or undefined for what is not such a text. */
export function parseNetworkDevices(
  text: string,
): { readonly received: number; readonly sent: number } | undefined {
  // Each line ends; the last number of half a file may be half a number.
  if (!text.endsWith('\n')) return undefined;
  let received = 0;
  let sent = 0;
  let lineCount = 0;
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [bytesIn = Number.NaN] = fields;
    const bytesOut = fields[8] ?? Number.NaN;
    if (!Number.isFinite(bytesIn + bytesOut)) return undefined;
    lineCount += 1;
    if (!isCounted(line.slice(0, colon).trim())) continue;
    received += bytesIn;
    sent += bytesOut;
  }
  return lineCount === 0 ? undefined : { received, sent };
}
