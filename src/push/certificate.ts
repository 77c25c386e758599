/**
 * Reads what an OpenSSH certificate says of itself: for whom it is, and from when until when.
 * It checks no signature: whether a host believes it, only the host can say.
 */
import { decodeBase64, KEY_FIELDS } from './publicKey.ts';

export interface Certificate {
  readonly isForHosts: boolean;
  readonly principals: readonly string[];
  readonly fromMs: number;
  /** Infinity for one that never ends. */
  readonly untilMs: number;
}

const SUFFIX = '-cert-v01@openssh.com';
const FOR_HOSTS = 2;
const MOST_PRINCIPALS = 256;

export function isCertificateType(type: string): boolean {
  return type.endsWith(SUFFIX);
}

/** Of a line `type base64 …`; null for everything else. */
export function readCertificate(line: string): Certificate | null {
  const [type = '', base64 = ''] = line.trim().split(/\s+/, 2);
  const bytes = isCertificateType(type) ? decodeBase64(base64) : null;
  const plain = type.slice(0, -SUFFIX.length);
  const known = [plain, `${plain}@openssh.com`].find((name) => Object.hasOwn(KEY_FIELDS, name));
  const fields = known === undefined ? undefined : KEY_FIELDS[known];
  if (bytes === null || fields === undefined) return null;
  try {
    const reader = new BlobReader(bytes);
    if (text(reader.field()) !== type) return null;
    // A nonce, then the key's own; a serial number behind them.
    for (let passed = 0; passed < 1 + fields; passed += 1) reader.field();
    reader.uint64();
    const isForHosts = reader.uint32() === FOR_HOSTS;
    reader.field();
    const principals = readPrincipals(reader.field());
    return { isForHosts, principals, fromMs: momentOf(reader.uint64()), untilMs: momentOf(reader.uint64()) };
  } catch {
    return null;
  }
}

export type CertificateProblem =
  { readonly kind: 'forHosts' } | { readonly kind: 'ended' | 'notBegun'; readonly atMs: number };

/** Why no host would take it now; null when nothing in it says so. */
export function certificateProblem(
  { isForHosts, fromMs, untilMs }: Certificate,
  nowMs: number,
): CertificateProblem | null {
  if (isForHosts) return { kind: 'forHosts' };
  if (nowMs >= untilMs) return { kind: 'ended', atMs: untilMs };
  return nowMs < fromMs ? { kind: 'notBegun', atMs: fromMs } : null;
}

function momentOf(seconds: bigint): number {
  return seconds === 0xffff_ffff_ffff_ffffn ? Infinity : Number(seconds) * 1000;
}

function readPrincipals(bytes: Uint8Array): string[] {
  const reader = new BlobReader(bytes);
  const principals: string[] = [];
  while (!reader.isAtEnd && principals.length < MOST_PRINCIPALS) principals.push(text(reader.field()));
  return principals;
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 255));
}

/** Each of its steps throws RangeError where the blob is cut off. */
class BlobReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  uint32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  uint64(): bigint {
    this.#at += 8;
    return this.#view.getBigUint64(this.#at - 8);
  }

  field(): Uint8Array {
    const start = this.#at + 4;
    const end = start + this.uint32();
    if (end > this.#bytes.length) throw new RangeError('cut off');
    this.#at = end;
    return this.#bytes.subarray(start, end);
  }
}
