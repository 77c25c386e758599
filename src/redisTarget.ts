/**
 * Says where Redis is, for the supervisor and its workers alike, and how both connect to it.
 * It never opens a connection; the password lives in memory only.
 */

export type RedisTarget =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly database: number;
      readonly tls: boolean;
      readonly username: string | null;
      readonly password: string | null;
    };

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

/** The part of ioredis' options that names the server. */
export interface RedisAddressOptions {
  path?: string;
  host?: string;
  port?: number;
  db?: number;
  username?: string;
  password?: string;
  tls?: Record<string, never>;
}

export function addressOptions(target: RedisTarget): RedisAddressOptions {
  if (target.kind === 'socket') return { path: target.path };
  return {
    host: target.host,
    port: target.port,
    db: target.database,
    ...(target.tls ? { tls: {} } : {}),
    ...(target.username === null ? {} : { username: target.username }),
    ...(target.password === null ? {} : { password: target.password }),
  };
}

/** The address for people: never with the password. */
export function describeTarget(target: RedisTarget): string {
  if (target.kind === 'socket') return `unix:${target.path}`;
  return `${target.tls ? 'rediss' : 'redis'}://${target.host}:${String(target.port)}/${String(target.database)}`;
}
