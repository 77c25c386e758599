/**
 * Lets somebody who is signed in by name give the account another password, for the old one.
 * It never tells more of a wrong one than a sign-in does, and ends every other session of the account.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GarrisonError } from '../errors.ts';
import type { Door } from '../supervisor/door.ts';
import type { Accounts } from './accounts.ts';
import { askerOf } from './asker.ts';
import { readBody } from './body.ts';
import { itemDocument } from './collection.ts';
import { sessionSecretOf } from './guard.ts';
import type { Checked } from './loginDesk.ts';
import { checkNewPassword } from './password.ts';
import { problem, sendProblem } from './problem.ts';
import { OwnPasswordBody } from './userBody.ts';

/** Of every role: it is their own. */
const READ = { config: { access: 'read' as const }, bodyLimit: 16 * 1024 };

export function addOwnPasswordRoute(
  app: FastifyInstance,
  { users, passwords, sessions, desk, door }: Accounts & { readonly door: Door },
): void {
  app.post('/api/v1/me/password', READ, async (request, reply) => {
    const name = accountOf(request);
    const { old, password } = readBody(OwnPasswordBody, request.body);
    checkNewPassword(password, name);
    if (password === old)
      throw new GarrisonError('USAGE', 'the new password is the old one', { cure: 'choose another' });
    const client = request.client ?? { address: '', isLocal: false };
    const checked = await desk.check({ name, password: old, client });
    if (checked.outcome === 'wait') {
      const seconds = String(Math.ceil(checked.afterMs / 1_000));
      void reply.header('retry-after', seconds);
      return sendProblem(reply, problem('TOO_BUSY', `too many tries; the next one in ${seconds} s`));
    }
    if (checked.outcome === 'refused') throw refusalOf(checked);
    const hash = await passwords.hash(password);
    const user = users.setPassword(name, hash, () => {
      door.audit({ event: 'user', verb: 'ownPassword', user: name, reason: null, ...askerOf(request) });
    });
    sessions.closeOf(name, sessionSecretOf(request, sessions) ?? undefined);
    desk.unlock(name, null);
    return itemDocument('User', user);
  });
}

/** A link's session and a token have no password. */
function accountOf({ actor }: FastifyRequest): string {
  const user = actor?.session?.user ?? null;
  if (user !== null) return user;
  throw new GarrisonError(
    'NOT_PERMITTED',
    'only an account that signed in by name has a password to change',
    {
      cure: 'on the machine: garrison user passwd NAME',
    },
  );
}

function refusalOf({ refusal }: Extract<Checked, { outcome: 'refused' }>): GarrisonError {
  switch (refusal.why) {
    case 'unknown':
      return new GarrisonError('NOT_FOUND', 'this account is no more', { cure: 'sign in with another' });
    case 'locked':
      return new GarrisonError(
        'NOT_PERMITTED',
        `the old password was wrong too often: locked from your address until ${refusal.until}`,
        { cure: 'wait, or ask an administrator to unlock it; this session goes on' },
      );
    case 'wrong':
      return new GarrisonError('NOT_PERMITTED', 'the old password is not right', {
        cure: `${String(refusal.triesLeft)} tries are left before a lock from your address`,
      });
  }
}
