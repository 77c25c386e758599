/**
 * Seals a text so that only who has the key can read it, and only in the place that it was sealed for: AES-256-GCM.
 * It knows no file and keeps no key; what was changed anywhere, or put into another place, it does not open.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export interface SealingKey {
  /** Of the key itself, so that neither can be taken for another's. */
  readonly id: string;
  readonly bytes: Buffer;
}

export const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'g1';
const CIPHER = 'aes-256-gcm';

export function sealingKey(bytes: Buffer): SealingKey {
  const id = createHash('sha256').update('garrison sealing key').update(bytes).digest('hex').slice(0, 12);
  return { id, bytes };
}

/** `place`: what it belongs to; said again when it is opened. */
export function seal(text: string, place: string, key: SealingKey): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(key.id, place));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, key.id, iv.toString('base64url'), body.toString('base64url')].join('.');
}

/** The id of the key that it needs; null where it is nothing that was sealed here. */
export function keyIdOf(sealed: string): string | null {
  return /^g1\.([0-9a-f]{12})\.[\w-]{16}\.[\w-]{22,}$/.exec(sealed)?.[1] ?? null;
}

/** Null where it was changed, belongs elsewhere, or needs another key. */
export function open(sealed: string, place: string, key: SealingKey): string | null {
  if (keyIdOf(sealed) !== key.id) return null;
  const [, , iv, body] = sealed.split('.').map((part) => Buffer.from(part, 'base64url'));
  if (iv === undefined || body === undefined) return null;
  // Only as it was written: base64 has more than one text for the same bytes.
  if (sealed !== [VERSION, key.id, iv.toString('base64url'), body.toString('base64url')].join('.'))
    return null;
  try {
    const decipher = createDecipheriv(CIPHER, key.bytes, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(key.id, place));
    decipher.setAuthTag(body.subarray(-TAG_BYTES));
    const text = [decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()];
    return Buffer.concat(text).toString('utf8');
  } catch {
    return null;
  }
}

function boundTo(keyId: string, place: string): Buffer {
  const bound = [VERSION, keyId, place].join('\0');
  return Buffer.from(bound);
}
