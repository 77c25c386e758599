/**
 * Logs in as the pushed account, where the key that Garrison logs in with is one of the account's own.
 * It runs nothing there but an echo, and never tries a key that was not pushed.
 */
import { readFileSync } from 'node:fs';
import { printable } from '../push/answer.ts';
import type { HostResult, PushTask } from '../push/job.ts';
import { holdsKey, withLogin, type LoginProof } from '../push/verification.ts';
import type { TaskControl } from './runTask.ts';
import { runSsh } from './ssh.ts';

const PROOF = 'garrison-login-proof';
const LONGEST_MS = 20_000;

/** The result itself where there is nothing to try. */
export async function verifiedByLogin(
  task: PushTask,
  result: HostResult,
  control: TaskControl,
): Promise<HostResult> {
  const { account, host } = task;
  if (account === null || !holdsKey(result, account.keys, publicHalf(task.ssh.identityFile))) return result;
  const proof = await logIn(
    {
      ...task,
      host: {
        ...host,
        user: account.name,
        way: { ...host.way, options: withThatKeyAlone(host.way?.options) },
      },
      ssh: { ...task.ssh, totalTimeoutMs: Math.min(LONGEST_MS, task.ssh.totalTimeoutMs) },
    },
    control,
  );
  return withLogin(result, proof, { account: account.name, host: host.name });
}

async function logIn(task: PushTask, { signal, events }: TaskControl): Promise<LoginProof> {
  const heard = new Set<string>();
  const ending = await runSsh({
    // A connection of its own: what is proved is that a new one gets in.
    controlPath: null,
    task,
    signal,
    command: `echo ${PROOF}`,
    onPid: (pid) => events.onSsh(pid),
    onHostLine: (line) => {
      events.onHeard();
      if (line === PROOF) heard.add(line);
    },
    onStderrLine: () => events.onHeard(),
    isWhole: () => heard.has(PROOF),
  });
  // A shell that runs nothing (nologin) ends with a code of its own, and only after the login.
  if (heard.has(PROOF) || (ending.cause === 'exit' && ending.exitCode !== null && ending.exitCode < 127))
    return { kind: 'loggedIn' };
  const said = printable(ending.stderr.split('\n').slice(-2).join(' · ')).slice(0, 200);
  // Whom PAM turns away, sshd leaves without a word; one that is full says so before it knows who comes.
  if (ending.cause === 'exit' && said === '') return { kind: 'refused', said: 'the connection was closed' };
  return /Permission denied/.test(said) ? { kind: 'refused', said } : { kind: 'untold', said };
}

const CERTIFICATES = '*-cert-v01@openssh.com';

/** A login with a certificate, or with another key of an agent, would prove nothing of the pushed one. */
function withThatKeyAlone(options: Readonly<Record<string, string>> = {}): Record<string, string> {
  const accepted = options['PubkeyAcceptedAlgorithms'];
  // A list of the inventory's own stays as it is unless it is one of what to leave out.
  const without =
    accepted?.startsWith('-') === true ? `${accepted},${CERTIFICATES}` : (accepted ?? `-${CERTIFICATES}`);
  return { ...options, PubkeyAcceptedAlgorithms: without, IdentitiesOnly: 'yes' };
}

/** Null where it does not lie beside the private one: then nobody can tell whose it is without asking for more. */
function publicHalf(identityFile: string): string | null {
  try {
    return readFileSync(`${identityFile}.pub`, 'utf8').trim();
  } catch {
    return null;
  }
}
