/**
 * Says where Redis is, for the supervisor and its workers alike, and how both connect to it.
 * It never opens a connection; the password lives in memory only.
 */

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

interface Login {
  /** Of an ACL user; null for the default one. */
  readonly username: string | null;
  readonly password: string | null;
}

export type RedisTarget =
  | { readonly kind: 'socket'; readonly path: string }
  | ({
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly database: number;
      readonly tls: boolean;
    } & Login)
  | ({
      /** The master of this name, wherever the sentinels say it is now. */
      readonly kind: 'sentinels';
      readonly sentinels: readonly RedisAddress[];
      readonly name: string;
      readonly sentinelPassword: string | null;
    } & Login);

/** Reads a URL that the configuration has already checked. */
export function parseRedisUrl(text: string, password: string | null): RedisTarget {
  const url = new URL(text);
  if (url.protocol === 'unix:') return { kind: 'socket', path: decodeURIComponent(url.pathname) };
  return {
    kind: 'tcp',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    database: Number(url.pathname.slice(1) || '0'),
    tls: url.protocol === 'rediss:',
    username: url.username === '' ? null : decodeURIComponent(url.username),
    password,
  };
}

/** `host:port`, the host of IPv6 in brackets; null for anything else. */
export function parseAddress(text: string): RedisAddress | null {
  const [, v6, name, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

/** A master that froze or was cut off holds its connections open; the sentinels may know another by then. */
const GIVEN_UP_AFTER_MS = 8_000;

/** The part of ioredis' options that names the server. */
export interface RedisAddressOptions {
  path?: string;
  host?: string;
  port?: number;
  db?: number;
  username?: string;
  password?: string;
  tls?: Record<string, never>;
  sentinels?: RedisAddress[];
  name?: string;
  sentinelPassword?: string;
  socketTimeout?: number;
}

export function addressOptions(target: RedisTarget): RedisAddressOptions {
  switch (target.kind) {
    case 'socket':
      return { path: target.path };
    case 'tcp': {
      const { host, port, database: db, tls } = target;
      return { host, port, db, ...(tls ? { tls: {} } : {}), ...loginOptions(target) };
    }
    case 'sentinels': {
      const { sentinels, name, sentinelPassword } = target;
      return {
        sentinels: [...sentinels],
        name,
        // ioredis' failoverDetector is no help: its news during a reconnection ends the client for good.
        socketTimeout: GIVEN_UP_AFTER_MS,
        ...loginOptions(target),
        ...(sentinelPassword === null ? {} : { sentinelPassword }),
      };
    }
  }
}

function loginOptions({ username, password }: Login): Pick<RedisAddressOptions, 'username' | 'password'> {
  return { ...(username === null ? {} : { username }), ...(password === null ? {} : { password }) };
}

/** The address for people: never with the password. */
export function describeTarget(target: RedisTarget): string {
  switch (target.kind) {
    case 'socket':
      return `unix:${target.path}`;
    case 'tcp': {
      const { tls, host, port, database } = target;
      return `${tls ? 'rediss' : 'redis'}://${host}:${String(port)}/${String(database)}`;
    }
    case 'sentinels':
      return `${target.name} of the sentinels ${target.sentinels.map(addressText).join(', ')}`;
  }
}

function addressText({ host, port }: RedisAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
