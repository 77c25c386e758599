/**
 * Makes sure that there is a key pair to log in with.
 * It never replaces a key that is there, and the private half never leaves its file.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GarrisonError } from '../errors.ts';
import { askAgent } from '../sshAgent.ts';
import { runToEnd } from './runToEnd.ts';

export interface Identity {
  readonly privateFile: string;
  /** One line: `type base64 comment`. */
  readonly publicKey: string;
}

/** As setpriv, which starts it, says it. */
const PROGRAM_NOT_FOUND = 127;
const KEYGEN_WITHIN_MS = 20_000;

/** The key pair in `file`; makes one when there is none. */
export async function ensureIdentity(file: string): Promise<Identity> {
  if (!existsSync(file)) await makePair(file);
  const publicFile = `${file}.pub`;
  // A private key may stand alone, and in a folder that is not ours to write in.
  const publicKey = existsSync(publicFile)
    ? await readFile(publicFile, 'utf8')
    : await keygen(['-y', '-P', '', '-f', file], file);
  return { privateFile: file, publicKey: publicKey.trim() };
}

/**
 * The public keys that the configuration logs in with. Where an agent is named, no pair is made: without any file it is asked,
 * and one that is not there yet has none.
 */
export async function loginKeys(login: {
  identityFile: string;
  agent: string | null;
}): Promise<readonly string[]> {
  const { identityFile, agent } = login;
  if (agent === null) return [(await ensureIdentity(identityFile)).publicKey];
  const publicFile = `${identityFile}.pub`;
  const beside = existsSync(publicFile) ? [(await readFile(publicFile, 'utf8')).trim()] : [];
  const answer = await askAgent(agent);
  const held = answer.kind === 'keys' ? answer.keys.map(({ type, base64 }) => `${type} ${base64}`) : [];
  return [...beside, ...held.filter((key) => !key.includes('-cert-v01@'))];
}

/** Made beside and moved into place, so that a key half written is never taken for one. */
async function makePair(file: string): Promise<void> {
  const beside = `${file}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await rm(beside, { force: true });
  await rm(`${beside}.pub`, { force: true });
  await keygen(['-q', '-t', 'ed25519', '-N', '', '-C', 'garrison', '-f', beside], file);
  await rename(`${beside}.pub`, `${file}.pub`);
  await rename(beside, file);
}

async function keygen(args: readonly string[], file: string): Promise<string> {
  const { exitCode, lines, stdout } = await runToEnd('ssh-keygen', args, { timeoutMs: KEYGEN_WITHIN_MS });
  if (exitCode === 0) return stdout.join('\n').trim();
  if (exitCode === PROGRAM_NOT_FOUND) {
    throw new GarrisonError('PROGRAM_MISSING', 'ssh-keygen is not installed', {
      cure: 'apt-get install openssh-client',
    });
  }
  const said = lines.join(' ').slice(-500) || 'it did not end in time';
  throw new GarrisonError('HOME_UNUSABLE', `ssh-keygen could not work on ${file}: ${said}`, {
    cure: 'a key with a passphrase cannot be used; name another with ssh.identityFile',
  });
}
