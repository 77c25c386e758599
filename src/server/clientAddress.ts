/**
 * Finds out where a request really comes from: the nearest address that no trusted proxy has.
 * It never believes a header that a stranger could have sent: only what a trusted proxy added is read, from the right.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { LOOPBACK, networksOf, plainAddress, type Networks } from '../networks.ts';

export interface Client {
  readonly address: string;
  /** On this machine itself, and through no proxy that could be seen. */
  readonly isLocal: boolean;
}

export interface Arrival {
  readonly socketAddress: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

export type FindClient = (arrival: Arrival) => Client;

/** The last of them set by every proxy that says anything. */
const PROXY_HEADERS = [
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'x-forwarded-host',
  'x-forwarded-proto',
  'via',
];
const MOST_HOPS = 32;

export function clientFinder(trustedProxies: readonly string[]): FindClient {
  const trusted = networksOf(trustedProxies);
  const loopback = networksOf([LOOPBACK]);
  return ({ socketAddress = '', headers }) => {
    const nearest = plainAddress(socketAddress);
    const address = throughProxies(nearest, headers['x-forwarded-for'], trusted);
    // A trusted proxy on this machine that says nothing of whom it speaks for is not somebody on this machine.
    const isLocal =
      loopback.has(nearest) &&
      !trusted.has(nearest) &&
      PROXY_HEADERS.every((name) => headers[name] === undefined);
    return { address, isLocal };
  };
}

/** Whether what went wrong with a login may be said plainly there. */
export function explainer(explainTo: readonly string[]): (client: Client) => boolean {
  const networks = networksOf(explainTo.filter((network) => network !== LOOPBACK));
  const toLocal = explainTo.includes(LOOPBACK);
  return (client) => (toLocal && client.isLocal) || networks.has(client.address);
}

/** Who is one and the same for a lock or a limit: an address, or the /64 that one customer has of IPv6. */
export function sourceOf(address: string): string {
  if (isIP(address) !== 6) return address;
  return `${ipv6Groups(address).slice(0, 4).join(':')}::/64`;
}

function throughProxies(
  nearest: string,
  forwarded: string | string[] | undefined,
  trusted: Networks,
): string {
  const said = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? ''))
    .split(',')
    .slice(-MOST_HOPS);
  let address = nearest;
  while (trusted.has(address)) {
    const next = plainAddress((said.pop() ?? '').trim());
    if (isIP(next) === 0) break;
    address = next;
  }
  return address;
}

function ipv6Groups(address: string): readonly string[] {
  const [head = '', tail = ''] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const gap = address.includes('::')
    ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
    : [];
  return [...before, ...gap, ...after].map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
}
