/**
 * Makes the first account where no supervisor runs yet: one whose page other machines reach does not start without any.
 * It never touches the accounts beside a supervisor: it holds the home folder's lock meanwhile.
 */
import { wallTime } from '../clock.ts';
import { lockHome } from '../driver/homeLock.ts';
import { Journal } from '../driver/journal.ts';
import { prepareHome } from '../home.ts';
import { readBody } from '../server/body.ts';
import { checkNewPassword, createPasswords } from '../server/password.ts';
import { UserBody } from '../server/userBody.ts';
import type { OnSetAside } from '../setAside.ts';
import { openUserStore } from '../server/userStore.ts';

/** Throws HOME_BUSY when a supervisor runs there after all. */
export async function addOffline(home: string, wish: object, onSetAside: OnSetAside): Promise<void> {
  prepareHome(home);
  const release = lockHome(home);
  try {
    await addHere(home, wish, onSetAside);
  } finally {
    release();
  }
}

/** The same checks and the same line in the journal as the supervisor's. */
async function addHere(home: string, wish: object, onSetAside: OnSetAside): Promise<void> {
  const { name, role, password, reason } = readBody(UserBody, wish);
  checkNewPassword(password, name);
  const hash = await createPasswords().hash(password);
  const fact = { event: 'user', verb: 'add', user: name, role, reason, actor: 'local' };
  openUserStore(home, onSetAside).add({ name, role, hash }, () => {
    new Journal(home).append({ at: wallTime(), ...fact });
  });
}
