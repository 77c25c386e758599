/**
 * Users of a test machine of its own: alice and bob are in the group garrison, carol is not.
 * They are made in that machine's /etc and live in its /tmp, so that nothing of them is seen outside.
 */
import type { Said } from './onHost.ts';
import { Machine } from './systemd.ts';

const GARRISON = new URL('../../bin/garrison', import.meta.url).pathname;
export const SOCKET = '/run/garrison/control.sock';

/** With Garrison installed and not started. */
export async function machineWithUsers(context: Parameters<typeof Machine.installed>[0]): Promise<Machine> {
  const machine = await Machine.installed(context);
  for (const name of ['alice', 'bob', 'carol'])
    await machine.tell(
      `useradd -M -d /tmp/${name} ${name} && mkdir -m 700 /tmp/${name} && chown ${name} /tmp/${name}`,
    );
  await machine.tell('usermod -aG garrison alice; usermod -aG garrison bob');
  return machine;
}

function identityOf(user: string): readonly string[] {
  return ['setpriv', '--reuid', user, '--regid', user, '--init-groups', '--reset-env'];
}

/** Runs a garrison command as that user, after a new login. */
export function as(machine: Machine, user: string, ...args: readonly string[]): Promise<Said> {
  return machine.run(...identityOf(user), process.execPath, GARRISON, ...args);
}

/** The API over the control socket, faster than a command. */
export async function callAs<T>(machine: Machine, user: string, path: string, body?: object): Promise<T> {
  const sent = body === undefined ? [] : ['--json', JSON.stringify(body)];
  const curl = ['curl', '--silent', '--unix-socket', SOCKET, ...sent, `http://localhost${path}`];
  const { stdout, stderr } = await machine.run(...identityOf(user), ...curl);
  if (stdout === '') throw new Error(`${user}: ${path}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Mode and owner of the folder and of the socket. */
export async function looks(machine: Machine): Promise<string[]> {
  return (await machine.tell(`stat -c '%a %U:%G' /run/garrison ${SOCKET}`)).split('\n');
}
