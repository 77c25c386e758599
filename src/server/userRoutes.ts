/**
 * Accounts of the page over the API, for the operator on the machine and for administrators: who there is, who tried, and what is locked.
 * Whatever is changed is in the journal first, and no answer holds a password or its hash.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { wallTime } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { Door } from '../supervisor/door.ts';
import type { Accounts } from './accounts.ts';
import { askerOf } from './asker.ts';
import { readBody } from './body.ts';
import { API_VERSION, itemDocument } from './collection.ts';
import { checkNewPassword } from './password.ts';
import { PasswordBody, RemoveQuery, RenameBody, RoleBody, UnlockBody, UserBody } from './userBody.ts';

const ADMIN = { config: { access: 'admin' as const } };

interface Named {
  readonly Params: { readonly name: string };
}

interface UserRouteNeeds extends Accounts {
  readonly door: Door;
}

export function addUserRoutes(app: FastifyInstance, needs: UserRouteNeeds): void {
  const { users, desk } = needs;
  app.get('/api/v1/users', ADMIN, async () => ({
    apiVersion: API_VERSION,
    kind: 'UserList',
    observedAt: wallTime(),
    items: users.list(),
  }));
  app.get('/api/v1/logins', ADMIN, async () => itemDocument('Logins', desk.view()));
  addComing(app, needs);
  addChanges(app, needs);
  addUnlock(app, needs);
}

/** Writes who does what to whom, and why, before it is done. */
function keeper(
  door: Door,
  request: FastifyRequest,
): (fact: { verb: string; user: string; reason: string | null }) => void {
  return (fact) => {
    door.audit({ event: 'user', ...fact, ...askerOf(request) });
  };
}

function addComing(app: FastifyInstance, { users, passwords, sessions, desk, door }: UserRouteNeeds): void {
  app.post('/api/v1/users', ADMIN, async (request, reply) => {
    const { name, role, password, reason } = readBody(UserBody, request.body);
    checkNewPassword(password, name);
    const hash = await passwords.hash(password);
    const user = users.add({ name, role, hash }, () => {
      keeper(door, request)({ verb: 'add', user: name, reason, ...{ role } });
    });
    desk.nameChanged(name);
    void reply.code(201);
    return itemDocument('User', user);
  });
  app.delete<Named>('/api/v1/users/:name', ADMIN, async (request, reply) => {
    const { reason } = readBody(RemoveQuery, request.query);
    const { name } = request.params;
    users.remove(name, () => {
      keeper(door, request)({ verb: 'remove', user: name, reason });
    });
    sessions.closeOf(name);
    desk.nameChanged(name);
    return reply.code(204).send();
  });
}

function addChanges(app: FastifyInstance, { users, passwords, sessions, desk, door }: UserRouteNeeds): void {
  app.post<Named>('/api/v1/users/:name/password', ADMIN, async (request) => {
    const { name } = request.params;
    const { password, reason } = readBody(PasswordBody, request.body);
    checkNewPassword(password, name);
    const hash = await passwords.hash(password);
    const user = users.setPassword(name, hash, () => {
      keeper(door, request)({ verb: 'password', user: name, reason });
    });
    sessions.closeOf(name);
    // The wrong tries were at the old password.
    desk.unlock(name, null);
    return itemDocument('User', user);
  });
  app.post<Named>('/api/v1/users/:name/role', ADMIN, async (request) => {
    const { name } = request.params;
    const { role, reason } = readBody(RoleBody, request.body);
    const user = users.setRole(name, role, () => {
      keeper(door, request)({ verb: 'role', user: name, reason, ...{ role } });
    });
    return itemDocument('User', user);
  });
  app.post<Named>('/api/v1/users/:name/rename', ADMIN, async (request) => {
    const { name } = request.params;
    const { to, reason } = readBody(RenameBody, request.body);
    const user = users.rename(name, to, () => {
      keeper(door, request)({ verb: 'rename', user: name, reason, ...{ to } });
    });
    sessions.closeOf(name);
    // Neither the new name nor whoever gets the old one next inherits a lock.
    desk.nameChanged(name);
    desk.nameChanged(to);
    return itemDocument('User', user);
  });
}

function addUnlock(app: FastifyInstance, { users, desk, door }: UserRouteNeeds): void {
  app.post<Named>('/api/v1/users/:name/unlock', ADMIN, async (request) => {
    const { name } = request.params;
    const { from, reason }: z.output<typeof UnlockBody> = readBody(UnlockBody, request.body);
    if (users.find(name) === null)
      throw new GarrisonError('NOT_FOUND', `there is no account ${name}, so nothing of it is locked`, {
        cure: 'names which do not exist are never locked; garrison user list shows those that were tried, and the account that was near',
      });
    keeper(door, request)({ verb: 'unlock', user: name, reason, ...(from === null ? {} : { source: from }) });
    return itemDocument('Unlocked', { name, ended: desk.unlock(name, from) });
  });
}
