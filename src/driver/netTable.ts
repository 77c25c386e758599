/**
 * Reads the TCP sockets of one network namespace, and which of them a process holds.
 * It opens no connection and judges none.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Endpoint {
  /** An IPv4 address that IPv6 wraps comes as IPv4. */
  readonly address: string;
  readonly port: number;
}

export interface TcpSocket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly state: 'listening' | 'established';
  /** 0 of one that nobody has accepted yet. */
  readonly inode: number;
}

/** Of the namespace that this process is in; null when it is gone or may not be looked at. */
export function tcpSocketsOf(pid: number | 'self'): readonly TcpSocket[] | null {
  const folder = `/proc/${String(pid)}/net`;
  try {
    return [
      ...tcpSockets(readFileSync(`${folder}/tcp`, 'latin1')),
      ...tcpSockets(readOrNothing(`${folder}/tcp6`)),
    ];
  } catch {
    return null;
  }
}

/** Of a table as the kernel writes it. */
export function tcpSockets(table: string): readonly TcpSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    const meaning = STATES[state ?? ''];
    const [at, to] = [endpoint(local), endpoint(remote)];
    if (meaning === undefined || at === null || to === null) return [];
    return [{ local: at, remote: to, state: meaning, inode: Number(inode) || 0 }];
  });
}

/** Null when its descriptors may not be looked at. */
export function socketInodesOf(pid: number): ReadonlySet<number> | null {
  const folder = `/proc/${String(pid)}/fd`;
  const inodes = new Set<number>();
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? inodes : null;
  }
  for (const name of names.slice(0, MOST_FILES)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${name}`))?.[1];
      if (inode !== undefined) inodes.add(Number(inode));
    } catch {
      // It was closed meanwhile.
    }
  }
  return inodes;
}

/** Names the network namespace; null when the process is gone or may not be looked at. */
export function networkOf(pid: number | 'self'): string | null {
  try {
    return readlinkSync(`/proc/${String(pid)}/ns/net`);
  } catch {
    return null;
  }
}

export function isSame(one: Endpoint, other: Endpoint): boolean {
  return one.port === other.port && one.address === other.address;
}

export function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '0:0:0:0:0:0:0:0';
}

/** As in the table; null for what is no address. */
export function plainAddress(text: string): string | null {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return text;
  const wrapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(text)?.[1];
  if (wrapped !== undefined) return wrapped;
  const [head = '', tail] = text.replace(/%.*$/, '').split('::');
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  const words = [...before, ...Array.from({ length: Math.max(0, gap) }, () => '0'), ...after];
  if (words.length !== 8 || !words.every((word) => /^[0-9a-f]{1,4}$/i.test(word))) return null;
  return words.map((word) => Number.parseInt(word, 16).toString(16)).join(':');
}

const STATES: Readonly<Record<string, TcpSocket['state']>> = { '01': 'established', '0A': 'listening' };
const MOST_FILES = 50_000;

/** IPv6 may be switched off. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function endpoint(text: string | undefined): Endpoint | null {
  const [address = '', port = ''] = (text ?? '').split(':');
  const bytes = /^[0-9A-F]+$/.test(address) ? Buffer.from(address, 'hex') : Buffer.alloc(0);
  if (bytes.length !== 4 && bytes.length !== 16) return null;
  // The kernel writes words of 32 bits in the order of this machine, which every machine that Node runs on here has reversed.
  bytes.swap32();
  return { address: addressOf(bytes), port: Number.parseInt(port, 16) };
}

function addressOf(bytes: Buffer): string {
  const isWrapped = bytes.length === 16 && bytes.subarray(0, 12).toString('hex') === `${'00'.repeat(10)}ffff`;
  if (bytes.length === 4 || isWrapped) return [...bytes.subarray(-4)].join('.');
  return Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':');
}
