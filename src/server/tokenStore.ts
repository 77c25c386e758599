/**
 * Keeps the scoped tokens for scripts and Prometheus, as hashes in tokens.json (0600) of the home folder.
 * It never stores or shows a token after the moment it was made.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { wallTime } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import { hashOf, newSecret } from './session.ts';

/** `hook`: may hand in alerts, and nothing else. */
export type Scope = 'read' | 'operate' | 'hook';

export interface TokenView {
  readonly name: string;
  readonly scope: Scope;
  readonly createdAt: string;
}

export interface TokenStore {
  /** The token itself is told here and never again. */
  create(name: string, scope: Scope): TokenView & { readonly token: string };
  list(): readonly TokenView[];
  /** Throws NOT_FOUND when there is no token of this name. */
  revoke(name: string): void;
  find(token: string): TokenView | null;
}

const StoredToken = z.strictObject({
  name: z.string(),
  scope: z.enum(['read', 'operate', 'hook']),
  createdAt: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const TokenFile = z.strictObject({ tokens: z.array(StoredToken) });
type Stored = z.output<typeof StoredToken>;

export function openTokenStore(homeDir: string): TokenStore {
  const file = join(homeDir, 'tokens.json');
  let tokens: readonly Stored[] = read(file);
  const replace = (next: readonly Stored[]): void => {
    write(file, next);
    tokens = next;
  };
  return {
    create: (name, scope) => {
      if (tokens.some((token) => token.name === name)) {
        const cure = `garrison token revoke ${name}, or choose another name`;
        throw new GarrisonError('CONFLICTING_STATE', `there is a token named ${name} already`, { cure });
      }
      const token = `garrison_${newSecret()}`;
      const createdAt = wallTime();
      replace([...tokens, { name, scope, createdAt, sha256: hashOf(token).toString('hex') }]);
      return { name, scope, createdAt, token };
    },
    list: () => tokens.map(viewOf),
    revoke: (name) => {
      const rest = tokens.filter((token) => token.name !== name);
      if (rest.length === tokens.length)
        throw new GarrisonError('NOT_FOUND', `there is no token named ${name}`, {
          cure: 'garrison token list',
        });
      replace(rest);
    },
    find: (token) => {
      const hash = hashOf(token);
      const found = tokens.filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), hash));
      return found[0] === undefined ? null : viewOf(found[0]);
    },
  };
}

function viewOf({ name, scope, createdAt }: Stored): TokenView {
  return { name, scope, createdAt };
}

function read(file: string): readonly Stored[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    return TokenFile.parse(JSON.parse(text)).tokens;
  } catch (cause) {
    const cure = `move ${file} away and make new tokens with: garrison token create`;
    throw new GarrisonError('HOME_UNUSABLE', `${file} is damaged`, { cure, cause });
  }
}

/** Whole or not at all: written beside, flushed, then moved over. */
function write(file: string, tokens: readonly Stored[]): void {
  const beside = `${file}.new`;
  const handle = openSync(beside, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify({ tokens }, null, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(beside, file);
}
