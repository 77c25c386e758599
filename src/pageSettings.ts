/**
 * What the page and the login to it are told by the configuration, in effect and as people write it.
 * It never reads the certificate or the key: only where they are.
 */
import type { ConfigValues } from './configSchema.ts';
import { formatDurationMs } from './units.ts';

export interface PageSettings {
  readonly address: string;
  readonly port: number;
  /** Begins and ends with a slash. */
  readonly basePath: string;
  /** Scheme, host and port of the address browsers use; null when that is where it listens. */
  readonly publicUrl: string | null;
  readonly trustedProxies: readonly string[];
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
}

export interface LoginSettings {
  readonly explainTo: readonly string[];
  readonly tries: number;
  readonly lockMs: number;
}

export function pageInEffect(page: ConfigValues['page'], absolute: (path: string) => string): PageSettings {
  const { listen, basePath, publicUrl, trustedProxies, tls } = page;
  return {
    ...listen,
    basePath: basePath.endsWith('/') ? basePath : `${basePath}/`,
    publicUrl: publicUrl === undefined ? null : new URL(publicUrl).origin,
    trustedProxies,
    tls: tls === undefined ? null : { certFile: absolute(tls.certFile), keyFile: absolute(tls.keyFile) },
  };
}

export function loginInEffect({ explainTo, tries, lockFor }: ConfigValues['login']): LoginSettings {
  return { explainTo, tries, lockMs: lockFor };
}

export function writtenPage({ page, login }: Pick<ConfigValues, 'page' | 'login'>): Record<string, string> {
  const { listen, basePath, publicUrl, trustedProxies, tls } = page;
  const address = listen.address.includes(':') ? `[${listen.address}]` : listen.address;
  return {
    'page.listen': `${address}:${String(listen.port)}`,
    'page.basePath': basePath,
    'page.publicUrl': publicUrl ?? 'where it listens',
    'page.trustedProxies': JSON.stringify(trustedProxies),
    ...(tls === undefined
      ? { 'page.tls': 'none' }
      : { 'page.tls.certFile': tls.certFile, 'page.tls.keyFile': tls.keyFile }),
    'login.explainTo': JSON.stringify(login.explainTo),
    'login.tries': String(login.tries),
    'login.lockFor': formatDurationMs(login.lockFor),
  };
}
