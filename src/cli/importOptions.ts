/**
 * Takes apart what `import jumpserver` was given: the address, the token, the CA and the public keys.
 * It never repeats a token, and refuses to send one in clear over a network.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JumpserverTarget } from '../driver/jumpserverReader.ts';
import { GarrisonError, messageOf } from '../errors.ts';
import { USER_PATTERN } from '../names.ts';
import { parsePublicKeys } from '../push/account.ts';
import { firstLineOfPrivate } from './password.ts';

export interface ImportOptions {
  readonly url: string;
  readonly tokenFile: string;
  readonly ca?: string;
  readonly org?: string;
  readonly keys?: string;
  readonly nameBy: 'name' | 'address';
  readonly dryRun?: boolean;
}

export function targetOf(options: ImportOptions): JumpserverTarget {
  const base = baseOf(options.url);
  const { org = null } = options;
  if (org !== null && !/^[0-9A-Za-z-]{1,64}$/.test(org))
    throw usage('--org is no id of an organization', 'copy it from its page in JumpServer');
  return {
    base,
    org,
    authorization: authorizationOf(options.tokenFile),
    ca: options.ca === undefined ? null : certificatesIn(options.ca),
  };
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** With a slash at the end, so that paths go below it. */
function baseOf(text: string): URL {
  const example = 'give it like https://jump.example.org';
  if (!URL.canParse(text)) throw usage('--url is no address', example);
  const url = new URL(text);
  if (!['https:', 'http:'].includes(url.protocol)) throw usage('--url is no https address', example);
  if (url.username !== '' || url.password !== '')
    throw usage(
      '--url holds a name or a password',
      'write a token into a file, and name that with --token-file',
    );
  if (url.search !== '' || url.hash !== '') throw usage('--url holds more than an address', example);
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw usage(
      '--url is http, and the token would go over the network in clear',
      'give the https address; a private CA is named with --ca FILE',
    );
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** `TOKEN` is a private token; `Bearer TOKEN` and `Token TOKEN` say themselves what they are. */
function authorizationOf(file: string): string {
  const line = firstLineOfPrivate(file, 'the token').trim();
  const [, kind = 'Token', token] = /^(?:(Bearer|Token) +)?([A-Za-z0-9._~+/=-]{8,4096})$/i.exec(line) ?? [];
  if (token !== undefined) return `${/^b/i.test(kind) ? 'Bearer' : 'Token'} ${token}`;
  throw usage(`${file} holds no token`, 'write it on the first line: TOKEN, or Bearer TOKEN');
}

function certificatesIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw usage(`${file} cannot be read: ${messageOf(error)}`, 'name a file of CA certificates in PEM');
  }
  if (/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(text)) return text;
  throw usage(`${file} holds no certificate`, 'name a file of CA certificates in PEM');
}

/** `NAME.pub` for each account; files of other names are nobody's. */
export function keysIn(folder: string | undefined): ReadonlyMap<string, readonly string[]> {
  if (folder === undefined) return new Map();
  let files: readonly string[];
  try {
    files = readdirSync(folder);
  } catch (error) {
    throw usage(
      `${folder} cannot be read: ${messageOf(error)}`,
      'name a folder of NAME.pub files with --keys',
    );
  }
  const names = files.filter((file) => file.endsWith('.pub')).map((file) => file.slice(0, -'.pub'.length));
  return new Map(
    names
      .filter((name) => USER_PATTERN.test(name))
      .map((name) => {
        const file = join(folder, `${name}.pub`);
        return [name, parsePublicKeys(readFileSync(file, 'utf8'), file)];
      }),
  );
}

function usage(message: string, cure: string): GarrisonError {
  return new GarrisonError('USAGE', message, { cure });
}
