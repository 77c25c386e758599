/**
 * Knows what the page is called from outside: its scheme, its hosts and origins, its path; and where a browser may be sent to.
 * It never sends anybody to another server, whatever an address pretends to be.
 */
import type { FastifyRequest } from 'fastify';
import { hostname, networkInterfaces } from 'node:os';

export interface Place {
  readonly scheme: 'http' | 'https';
  /** Begins and ends with a slash. */
  readonly basePath: string;
  /** Scheme, host and port of the address that browsers use; null when that is where it listens. */
  readonly publicUrl: string | null;
  /** The Host headers that are ours; empty until the port is bound. */
  readonly hosts: ReadonlySet<string>;
}

export interface Listening {
  readonly address: string;
  readonly port: number;
}

/** Every way this listener may be called, with its real port. */
export function ownHosts({ address, port }: Listening): ReadonlySet<string> {
  const names = ['127.0.0.1', 'localhost', '[::1]', bracketed(address)];
  if (address === '0.0.0.0' || address === '::') {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    names.push(hostname().toLowerCase(), ...addresses.map((entry) => bracketed(entry.address)));
  }
  const isUsual = port === 80 || port === 443;
  return new Set(names.flatMap((name) => [`${name}:${String(port)}`, ...(isUsual ? [name] : [])]));
}

/** Proxies often leave out the port. */
export function publicHosts(publicUrl: string | null): readonly string[] {
  if (publicUrl === null) return [];
  const { host, hostname: name } = new URL(publicUrl);
  return [host, name];
}

/** Where a browser on this machine, or anywhere when there is a public address, finds the page. */
export function outerAddress(
  { scheme, basePath, publicUrl }: Omit<Place, 'hosts'>,
  { address, port }: Listening,
): string {
  const reachable = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : bracketed(address);
  return `${publicUrl ?? `${scheme}://${reachable}:${String(port)}`}${basePath}`;
}

/** Proof by the browser itself that the request comes from our own page. */
export function isSameOrigin({ headers }: FastifyRequest, { scheme, publicUrl }: Place): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isOurs = origin === `${scheme}://${host ?? ''}` || (publicUrl !== null && origin === publicUrl);
  if (origin !== undefined && !isOurs) return false;
  if (site !== undefined && site !== 'same-origin') return false;
  return origin !== undefined || site !== undefined;
}

/** A cookie that a browser would send back readably must not be marked Secure, and no other may lack it. */
export function isEncrypted({ headers }: FastifyRequest, { scheme, publicUrl }: Place): boolean {
  if (scheme === 'https') return true;
  if (publicUrl?.startsWith('https:') !== true) return false;
  const host = (headers.host ?? '').toLowerCase();
  return headers.origin === publicUrl || publicHosts(publicUrl).includes(host);
}

/** The path a browser asked for, as `to` of the sign-in page: relative to the page's own. */
export function askedPath(url: string): string {
  return url.replace(/^[/\\]+/, '');
}

/** Back to where somebody wanted to go, as long as that is a page of ours; else to the first one. */
export function wayBack(to: unknown, basePath: string): string {
  if (typeof to !== 'string' || to.length > 2_000) return basePath;
  const ours = 'http://page.invalid';
  let url: URL;
  try {
    url = new URL(to, `${ours}${basePath}`);
  } catch {
    return basePath;
  }
  const isOurs = url.origin === ours && url.pathname.startsWith(basePath) && !/[/\\]{2}/.test(url.pathname);
  const isDoor = /^(?:login|logout)$/.test(url.pathname.slice(basePath.length));
  return isOurs && !isDoor ? `${url.pathname}${url.search}` : basePath;
}

/** Without the path that a proxy serves us under; a proxy that strips it itself is as good. */
export function withoutBase(url: string, basePath: string): string {
  if (basePath === '/') return url;
  if (url.startsWith(basePath)) return url.slice(basePath.length - 1);
  const bare = basePath.slice(0, -1);
  return url === bare || url.startsWith(`${bare}?`) ? `/${url.slice(bare.length)}` : url;
}

/** Open to this machine only. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
