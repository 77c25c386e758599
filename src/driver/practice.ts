/**
 * Gives practice hosts: real sshd, useradd and visudo on 127.0.0.1, in a sandbox that ends with this process.
 * It never changes the machine's own accounts, and never leaves a process, a mount or an account behind.
 */
import { GarrisonError, messageOf } from '../errors.ts';
import { chrootSandbox } from './practiceChroot.ts';
import { prepareStage } from './practiceFiles.ts';
import { namespaceSandbox } from './practiceNamespace.ts';
import { startSshd } from './practiceSshd.ts';
import type { Sandbox } from './practiceSshd.ts';

export interface PracticeHost {
  readonly name: string;
  readonly address: '127.0.0.1';
  readonly port: number;
  readonly user: 'root';
  /** `ssh-ed25519 AAAA…`; the same at every start in one home folder. */
  readonly hostKey: string;
  readonly kind: PracticeKind;
  readonly pid: number;
  /** Where this machine sees the host's `/` while it runs, e.g. to read `${filesAt}/etc/passwd`. */
  readonly filesAt: string;
  /** Resolves when the host is gone, whoever ended it. */
  readonly exited: Promise<void>;
  /** Ends the host; afterwards nothing of it is left but its host key. */
  end(): Promise<void>;
}

export type PracticeKind = 'namespace' | 'chroot';

export interface PracticeRequest {
  readonly count: number;
  readonly homeDir: string;
  /** Public keys that may log in as root, one line each. */
  readonly authorizedKeys: readonly string[];
  /** The first host is `practice-<firstIndex>`; 1 unless told. */
  readonly firstIndex?: number;
  /** Without it: namespaces where they are permitted, else a chroot. */
  readonly kind?: PracticeKind;
}

/** Starts them side by side. Throws PRACTICE_UNAVAILABLE, with nothing left running, when not all can be had. */
export async function startPracticeHosts(request: PracticeRequest): Promise<PracticeHost[]> {
  const sandbox = await chooseSandbox(request);
  const first = request.firstIndex ?? 1;
  const names = Array.from({ length: request.count }, (_, index) => `practice-${String(first + index)}`);
  const outcomes = await Promise.allSettled(names.map((name) => startOne({ sandbox, request, name })));
  const hosts = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure === undefined) return hosts;
  await Promise.all(hosts.map((host) => host.end()));
  throw unavailable([messageOf(failure.reason)], failure.reason);
}

async function chooseSandbox(request: PracticeRequest): Promise<Sandbox> {
  if (process.getuid?.() !== 0) throw unavailable(['only root can make them']);
  const kinds = request.kind === undefined ? (['namespace', 'chroot'] as const) : [request.kind];
  const reasons: string[] = [];
  for (const kind of kinds) {
    const found = await (kind === 'namespace'
      ? namespaceSandbox(request.homeDir)
      : chrootSandbox(request.homeDir));
    if (typeof found !== 'string') return found;
    reasons.push(`${kind}: ${found}`);
  }
  throw unavailable(reasons);
}

function unavailable(reasons: readonly string[], cause?: unknown): GarrisonError {
  return new GarrisonError('PRACTICE_UNAVAILABLE', `no practice hosts here: ${reasons.join('; ')}`, {
    cure:
      'To push to a host of your own: add it to inventory.yaml (hosts: { NAME: { address, port, user } }), ' +
      'run `garrison trust NAME`, then `garrison push ACCOUNT --to NAME --key FILE`.',
    facts: { reasons },
    cause,
  });
}

async function startOne(start: {
  sandbox: Sandbox;
  request: PracticeRequest;
  name: string;
}): Promise<PracticeHost> {
  const { sandbox, request, name } = start;
  const stage = await prepareStage({
    homeDir: request.homeDir,
    name,
    authorizedKeys: request.authorizedKeys,
  });
  const running = await startSshd(sandbox, stage);
  let ending: Promise<void> | null = null;
  return {
    name,
    address: '127.0.0.1',
    port: running.port,
    user: 'root',
    hostKey: stage.hostKey,
    kind: sandbox.kind,
    pid: running.child.pid,
    filesAt: sandbox.filesAt(stage, running.initPid),
    exited: running.child.exited.then(() => undefined),
    end: () => (ending ??= running.end()),
  };
}
