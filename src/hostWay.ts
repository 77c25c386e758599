/**
 * Says what the inventory may tell ssh about the way to one host: over which other host, with which options, with or without the user's ssh_config.
 * It lets nothing through that could run a command, forward anything, loosen the check of host keys or share a connection.
 */

export interface JumpHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
}

export interface HostWay {
  /** Another host of the inventory, whose key is checked like any other's. */
  readonly jump?: JumpHost;
  /** By their names in ssh_config. */
  readonly options?: Readonly<Record<string, string>>;
  /** The ssh_config of the user that Garrison runs as, and of the machine, is read for this host: it may run commands (ProxyCommand, Match exec). */
  readonly sshConfig?: true;
}

const ALGORITHMS = /^[+^-]?[A-Za-z0-9][A-Za-z0-9@.,*-]{0,500}$/;
const ALGORITHM_WORDS = 'must be a list of algorithms with commas, as ssh_config takes it';
/** A plain absolute path: ssh expands % and ${} in some, and splits at quotes. */
const FILE = /^\/[A-Za-z0-9@._/+:-]{1,250}$/;
const FILE_WORDS = 'must be an absolute path of letters, digits and @._/+:-';

const RULES: Readonly<Record<string, { readonly pattern: RegExp; readonly words: string }>> = {
  HostKeyAlgorithms: { pattern: ALGORITHMS, words: ALGORITHM_WORDS },
  KexAlgorithms: { pattern: ALGORITHMS, words: ALGORITHM_WORDS },
  Ciphers: { pattern: ALGORITHMS, words: ALGORITHM_WORDS },
  MACs: { pattern: ALGORITHMS, words: ALGORITHM_WORDS },
  PubkeyAcceptedAlgorithms: { pattern: ALGORITHMS, words: ALGORITHM_WORDS },
  AddressFamily: { pattern: /^(?:any|inet|inet6)$/, words: 'must be any, inet or inet6' },
  BindAddress: { pattern: /^[0-9A-Fa-f:.]{2,45}$/, words: 'must be an IP address of this machine' },
  CertificateFile: { pattern: FILE, words: FILE_WORDS },
  IdentityAgent: { pattern: FILE, words: FILE_WORDS },
};

export const ALLOWED_OPTIONS: readonly string[] = Object.keys(RULES);

/** Why ssh may not be told this; null when it may. */
export function optionProblem(name: string, value: string): string | null {
  const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
  if (rule === undefined) return `is not among the options that may be set: ${ALLOWED_OPTIONS.join(', ')}`;
  return rule.pattern.test(value) ? null : rule.words;
}

/** `[user@]NAME[:port]`; null when it is not that. */
export function parseJump(text: string): { user: string | null; name: string; port: number | null } | null {
  const match = /^(?:([a-z_][a-z0-9_-]{0,31})@)?([A-Za-z0-9][A-Za-z0-9._-]{0,62})(?::(\d{1,5}))?$/.exec(text);
  const [, user, name, port] = match ?? [];
  if (name === undefined || (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))) return null;
  return { user: user ?? null, name, port: port === undefined ? null : Number(port) };
}
