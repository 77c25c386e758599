/**
 * Reads networks as people write them (`10.0.0.0/8`, `2001:db8::/32`, one address, `loopback`) and says whether an address is in one.
 * It resolves no name and looks at no interface.
 */
import { BlockList, isIP } from 'node:net';

export const LOOPBACK = 'loopback';

export interface Networks {
  has(address: string): boolean;
}

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

const LOOPBACKS: readonly Network[] = [
  { address: '127.0.0.0', prefix: 8, family: 'ipv4' },
  { address: '::1', prefix: 128, family: 'ipv6' },
];

export function isNetwork(text: string): boolean {
  return text === LOOPBACK || parse(text) !== null;
}

/** What is no network is passed over: the configuration's schema has refused it. */
export function networksOf(texts: readonly string[]): Networks {
  const list = new BlockList();
  const networks = texts.flatMap((text) => (text === LOOPBACK ? LOOPBACKS : (parse(text) ?? [])));
  for (const { address, prefix, family } of networks) list.addSubnet(address, prefix, family);
  return {
    has: (address) => {
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

/** An IPv4 address that came through an IPv6 socket, as what it is; without the zone of a link. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
}

function parse(text: string): Network | null {
  const [address = '', length, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0 || address.includes('%')) return null;
  const longest = version === 6 ? 128 : 32;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null;
  const prefix = length === undefined ? longest : Number(length);
  if (prefix > longest) return null;
  return { address, prefix, family: version === 6 ? 'ipv6' : 'ipv4' };
}
