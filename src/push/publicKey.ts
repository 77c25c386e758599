/**
 * Reads SSH public keys as people give them, and accepts only those that are whole, strong enough and free of options.
 * It never repeats a key's text in an error: what it was given may be a private key.
 */
import { GarrisonError } from '../errors.ts';

const MOST_KEYS = 32;
const LONGEST_LINE = 16 * 1024;
const LEAST_RSA_BITS = 2048;

/** How many fields each type's blob has after the type itself. */
export const KEY_FIELDS: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
};

/** Contents of a .pub or authorized_keys file. Throws KEY_INVALID with the line number. */
export function parsePublicKeys(text: string, sourceName: string): string[] {
  if (/PRIVATE KEY-----|PuTTY-User-Key-File/.test(text)) {
    throw invalid(`${sourceName} is a private key`, 'Give the public half: the file that ends in .pub.');
  }
  if (text.includes('BEGIN SSH2 PUBLIC KEY')) {
    throw invalid(`${sourceName} is in SSH2 format`, 'Convert it with `ssh-keygen -i -f FILE`.');
  }
  const keys: string[] = [];
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((line, index) => {
      const trimmed = line.trim();
      if (trimmed !== '' && !trimmed.startsWith('#'))
        keys.push(parseKey(trimmed, `${sourceName}, line ${String(index + 1)}:`));
    });
  return checked(keys, sourceName);
}

/** The same for keys that come one by one. None at all is acceptable here: a revoke needs none. */
export function checkPublicKeyLines(lines: readonly string[], sourceName: string): string[] {
  if (lines.length === 0) return [];
  return checked(
    lines.map((line, index) => parseKey(line.trim(), `${sourceName}, key ${String(index + 1)}:`)),
    sourceName,
  );
}

function checked(keys: readonly string[], sourceName: string): string[] {
  const byBlob = new Map<string, string>();
  for (const key of keys) {
    const identity = key.split(' ', 2).join(' ');
    if (!byBlob.has(identity)) byBlob.set(identity, key);
  }
  if (byBlob.size === 0)
    throw invalid(`${sourceName} holds no public key`, 'Give a file such as ~/.ssh/id_ed25519.pub.');
  if (byBlob.size > MOST_KEYS)
    throw invalid(
      `${sourceName} holds ${String(byBlob.size)} keys`,
      `At most ${String(MOST_KEYS)} are accepted.`,
    );
  return [...byBlob.values()];
}

function parseKey(line: string, where: string): string {
  if (line.length > LONGEST_LINE)
    throw invalid(`${where} longer than any public key`, 'Give a file such as ~/.ssh/id_ed25519.pub.');
  if (/[\r\n]/.test(line)) throw invalid(`${where} more than one line`, 'Give each key by itself.');
  if (/PRIVATE KEY/.test(line))
    throw invalid(`${where} a private key`, 'Give the public half: the file that ends in .pub.');
  const [type = '', base64 = '', ...comment] = line.split(/[ \t]+/);
  if (!Object.hasOwn(KEY_FIELDS, type)) throw notAKey(line, where);
  const problem = blobProblem(type, base64);
  if (problem !== null)
    throw invalid(`${where} ${problem}`, 'Copy the public key again, whole and on one line.');
  const words = comment
    .join(' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 200)
    .trim();
  return words === '' ? `${type} ${base64}` : `${type} ${base64} ${words}`;
}

function notAKey(line: string, where: string): GarrisonError {
  const words = line.split(/[ \t]+/);
  if (words[0] === 'ssh-dss')
    return invalid(`${where} a DSA key, which OpenSSH no longer accepts`, 'Use an ed25519 key.');
  if (words[0]?.includes('-cert-v01@') === true)
    return invalid(`${where} a certificate, not a key`, 'Give the .pub file it was made from.');
  if (words.some((word) => Object.hasOwn(KEY_FIELDS, word))) {
    return invalid(`${where} has options in front of the key`, 'Give the bare key: type, base64, comment.');
  }
  return invalid(`${where} not a public key`, 'A public key begins with its type, such as ssh-ed25519.');
}

function blobProblem(type: string, base64: string): string | null {
  const bytes = decodeBase64(base64);
  const fields = bytes === null ? null : readFields(bytes);
  if (fields === null) return 'the key is cut off or damaged';
  if (latin1(fields[0]) !== type) return 'the key is of another type than it says';
  if (fields.length !== 1 + (KEY_FIELDS[type] ?? 0)) return 'the key is cut off or damaged';
  if (type.includes('ed25519') && fields[1]?.length !== 32) return 'the key is cut off or damaged';
  const curve = /nistp\d+/.exec(type)?.[0];
  if (curve !== undefined && latin1(fields[1]) !== curve) return 'the key is of another type than it says';
  if (curve !== undefined && fields[2]?.length !== pointLength(curve)) return 'the key is cut off or damaged';
  if (type !== 'ssh-rsa') return null;
  const bits = bitLength(fields[2]);
  return bits < LEAST_RSA_BITS
    ? `an RSA key of ${String(bits)} bits; at least ${String(LEAST_RSA_BITS)} are needed`
    : null;
}

/** Uncompressed: one byte, then two coordinates. */
function pointLength(curve: string): number {
  return 1 + 2 * Math.ceil(Number(curve.slice('nistp'.length)) / 8);
}

/** Only the one canonical spelling: a host compares keys as text. */
export function decodeBase64(base64: string): Uint8Array | null {
  if (base64 === '' || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const binary = atob(base64);
  if (btoa(binary) !== base64) return null;
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** The length-prefixed fields of a key blob, or null where they do not fill it exactly. */
function readFields(bytes: Uint8Array): Uint8Array[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return null;
    const length = view.getUint32(at);
    if (at + 4 + length > bytes.length) return null;
    fields.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

function latin1(bytes: Uint8Array | undefined): string {
  return String.fromCharCode(...(bytes ?? []).slice(0, 64));
}

function bitLength(integer: Uint8Array | undefined): number {
  const bytes = integer ?? new Uint8Array();
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first - 1) * 8 + (32 - Math.clz32(bytes[first] ?? 0));
}

function invalid(message: string, cure: string): GarrisonError {
  return new GarrisonError('KEY_INVALID', message, { cure });
}
