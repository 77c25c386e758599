/**
 * Keeps the scoped tokens for scripts and Prometheus, as hashes in tokens.json (0600) of the home folder.
 * It never stores or shows a token after the moment it was made.
 */
import { timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { wallTime } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { OnSetAside } from '../setAside.ts';
import { readPrivate, writePrivate } from './privateFile.ts';
import { hashOf, newSecret } from './session.ts';

/** `hook`: may hand in alerts, and nothing else. */
export type Scope = 'read' | 'operate' | 'hook';

export interface TokenView {
  readonly name: string;
  readonly scope: Scope;
  readonly createdAt: string;
}

export interface TokenStore {
  /** The token itself is told here and never again; `keep` is called before anything is written, and may throw. */
  create(name: string, scope: Scope, keep: () => void): TokenView & { readonly token: string };
  list(): readonly TokenView[];
  /** Throws NOT_FOUND when there is no token of this name. */
  revoke(name: string, keep: () => void): void;
  find(token: string): TokenView | null;
}

const StoredToken = z.strictObject({
  name: z.string(),
  scope: z.enum(['read', 'operate', 'hook']),
  createdAt: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const TokenFile = z.strictObject({ tokens: z.array(StoredToken) });
const FILE = 'tokens.json';
type Stored = z.output<typeof StoredToken>;

export function openTokenStore(homeDir: string, onSetAside: OnSetAside): TokenStore {
  const file = join(homeDir, FILE);
  let tokens: readonly Stored[] = readPrivate({ homeDir, name: FILE, onSetAside }, TokenFile)?.tokens ?? [];
  const replace = (next: readonly Stored[], keep: () => void): void => {
    keep();
    writePrivate(file, { tokens: next });
    tokens = next;
  };
  return {
    create: (name, scope, keep) => {
      if (tokens.some((token) => token.name === name)) {
        const cure = `garrison token revoke ${name}, or choose another name`;
        throw new GarrisonError('CONFLICTING_STATE', `there is a token named ${name} already`, { cure });
      }
      const token = `garrison_${newSecret()}`;
      const createdAt = wallTime();
      replace([...tokens, { name, scope, createdAt, sha256: hashOf(token).toString('hex') }], keep);
      return { name, scope, createdAt, token };
    },
    list: () => tokens.map(viewOf),
    revoke: (name, keep) => {
      const rest = tokens.filter((token) => token.name !== name);
      if (rest.length === tokens.length)
        throw new GarrisonError('NOT_FOUND', `there is no token named ${name}`, {
          cure: 'garrison token list',
        });
      replace(rest, keep);
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
