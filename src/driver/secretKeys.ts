/**
 * Keeps the keys that secrets are sealed with: `secrets.key` of the home folder, and earlier ones until nothing needs them.
 * It never mends, moves or overwrites a key that it cannot read: whoever lost one may have a copy to put back.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { GarrisonError, messageOf } from '../errors.ts';
import { writeDurably } from './durableFile.ts';
import { KEY_BYTES, keyIdOf, open, seal, sealingKey, type SealingKey } from './sealing.ts';

const NAME = 'secrets.key';
const EARLIER = /^secrets\.key\.([0-9a-f]{12})$/;

/** What became of an attempt to open something. */
export type Opened = { readonly text: string } | { readonly unreadable: string };

export class SecretKeys {
  readonly #home: string;
  #making: Promise<SealingKey> | null = null;

  constructor(home: string) {
    this.#home = home;
  }

  /** Makes the key at its first use. Throws HOME_UNUSABLE where there is one that cannot be used. */
  async seal(text: string, place: string): Promise<string> {
    return seal(text, place, this.current() ?? (await this.#made()));
  }

  open(sealed: string, place: string): Opened {
    const id = keyIdOf(sealed);
    if (id === null) return { unreadable: 'it is not what Garrison had sealed' };
    let key: SealingKey | null;
    try {
      key = this.#find(id);
    } catch (error) {
      return { unreadable: sentenceOf(error) };
    }
    if (key === null)
      return {
        unreadable: `it was sealed with the key ${id}, and ${join(this.#home, NAME)} is another or gone: put the copy of that key back as ${NAME}.${id} and retry, or push again with the hash`,
      };
    const text = open(sealed, place, key);
    return text === null ? { unreadable: 'it was changed, or put where it does not belong' } : { text };
  }

  /** Null where there is none yet. Throws HOME_UNUSABLE. */
  current(): SealingKey | null {
    return readKey(join(this.#home, NAME));
  }

  /** The ids of the earlier keys that are kept. */
  earlier(): readonly string[] {
    return readdirSync(this.#home)
      .flatMap((name) => EARLIER.exec(name)?.[1] ?? [])
      .sort();
  }

  /** A copy of the present key beside it; nothing is different until `renew`. */
  async keepPresent(): Promise<void> {
    const key = this.current();
    if (key !== null) await writeDurably(this.#earlierFile(key.id), textOf(key));
  }

  /** Puts a new key in the place of the present one. Throws HOME_UNUSABLE unless that is kept. */
  async renew(): Promise<void> {
    const present = this.current();
    if (present !== null && readKey(this.#earlierFile(present.id)) === null)
      throw unusable(join(this.#home, NAME), 'is not kept yet', 'run garrison secrets rotate again');
    await this.#write();
  }

  async forget(id: string): Promise<void> {
    await unlink(this.#earlierFile(id));
  }

  #made(): Promise<SealingKey> {
    this.#making ??= this.#write().finally(() => {
      this.#making = null;
    });
    return this.#making;
  }

  async #write(): Promise<SealingKey> {
    const key = sealingKey(randomBytes(KEY_BYTES));
    const file = join(this.#home, NAME);
    try {
      await writeDurably(file, textOf(key));
    } catch (error) {
      throw unusable(file, `cannot be written: ${messageOf(error)}`, 'make room there or mend the folder');
    }
    return key;
  }

  #find(id: string): SealingKey | null {
    const earlier = readKey(this.#earlierFile(id));
    if (earlier?.id === id) return earlier;
    const present = this.current();
    return present?.id === id ? present : null;
  }

  #earlierFile(id: string): string {
    return join(this.#home, `${NAME}.${id}`);
  }
}

/** As the supervisor needs it. */
export function secretBox(home: string): SecretBox {
  const keys = new SecretKeys(home);
  return {
    seal: (text, place) => keys.seal(text, place),
    open: (sealed, place) => keys.open(sealed, place),
    keyIdOf,
    present: () => {
      try {
        return { key: keys.current()?.id ?? null, problem: null };
      } catch (error) {
        return { key: null, problem: sentenceOf(error) };
      }
    },
    earlier: () => keys.earlier(),
    keepPresent: () => keys.keepPresent(),
    renew: () => keys.renew(),
    forget: (id) => keys.forget(id),
  };
}

interface SecretBox extends Pick<
  SecretKeys,
  'seal' | 'open' | 'earlier' | 'keepPresent' | 'renew' | 'forget'
> {
  keyIdOf(sealed: string): string | null;
  present(): { readonly key: string | null; readonly problem: string | null };
}

function sentenceOf(error: unknown): string {
  const { message, cure } = error as { message: string; cure?: string };
  return cure === undefined ? message : `${message} (${cure})`;
}

function textOf(key: SealingKey): string {
  return `${key.bytes.toString('base64')}\n`;
}

/** Null where there is none. Never says what is in it. */
function readKey(file: string): SealingKey | null {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  refuseUnsafe(file, stats);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw unusable(
      file,
      `cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'no reason told'}`,
      'mend the disk',
    );
  }
  const bytes = Buffer.from(text.trim(), 'base64');
  if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== text.trim())
    throw unusable(
      file,
      `is no key: it must hold ${String(KEY_BYTES)} bytes in base64`,
      'put your copy of it back; without one, move it away, and a new key is made: what was sealed with it is lost',
    );
  return sealingKey(bytes);
}

function refuseUnsafe(file: string, stats: Stats): void {
  if (!stats.isFile())
    throw unusable(file, 'is no plain file', 'put the key itself there, as a file of its own');
  const userId = process.getuid?.() ?? stats.uid;
  if (stats.uid !== userId)
    throw unusable(
      file,
      `belongs to user ${String(stats.uid)}, not to ${String(userId)}`,
      `chown ${String(userId)} ${file}`,
    );
  if ((stats.mode & 0o077) !== 0)
    throw unusable(
      file,
      `is open to other users (mode ${(stats.mode & 0o777).toString(8).padStart(4, '0')})`,
      `chmod 600 ${file}; if others could have read it, garrison secrets rotate makes a new one`,
    );
}

function unusable(file: string, what: string, cure: string): GarrisonError {
  return new GarrisonError('HOME_UNUSABLE', `the key ${file} ${what}`, { cure });
}
