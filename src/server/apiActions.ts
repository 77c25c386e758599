/**
 * The acting half of the API: each request becomes a wish handed through the door, and answers with where to follow it.
 * It never does anything to a worker or a host itself.
 */
import type { FastifyInstance } from 'fastify';
import { GarrisonError } from '../errors.ts';
import { parseAccountWish, type AccountWish } from '../push/account.ts';
import { isOfHost } from '../push/job.ts';
import type { Door, PushRequest } from '../supervisor/door.ts';
import { askerOf } from './asker.ts';
import {
  LeftoverBody,
  OperationBody,
  PushBody,
  readBody,
  RotateBody,
  SyncBody,
  TokenBody,
  TrustBody,
} from './body.ts';
import { API_VERSION, itemDocument } from './collection.ts';
import type { z } from 'zod';
import type { TokenStore } from './tokenStore.ts';
import { wallTime } from '../clock.ts';

const OPERATE = { config: { access: 'operate' as const } };
const ADMIN = { config: { access: 'admin' as const } };

export function addPushRoute(app: FastifyInstance, door: Door): void {
  app.post('/api/v1/pushes', OPERATE, async (request, reply) => {
    const body = readBody(PushBody, request.body);
    const push = await door.submitPush({
      ...wishedOf(body),
      ...askerOf(request),
      reason: body.reason,
      dryRun: body.dryRun,
    });
    if (body.dryRun) return itemDocument('Push', push);
    void reply.code(202).header('location', `${app.basePath}api/v1/pushes/${push.id}`);
    return itemDocument('Push', push);
  });
}

/** What the grants want, and doing or planning it. */
export function addGrantRoutes(app: FastifyInstance, door: Door): void {
  app.get('/api/v1/grants', () => ({
    ...{ apiVersion: API_VERSION, kind: 'GrantList', observedAt: wallTime() },
    items: door.wanted(),
  }));
  app.post('/api/v1/syncs', OPERATE, async (request, reply) => {
    const body = readBody(SyncBody, request.body);
    const confirmed = body.confirmed === null ? null : Number(body.confirmed);
    const items = await door.sync({ ...body, confirmed, ...askerOf(request) });
    void reply.code(202);
    return { apiVersion: API_VERSION, kind: 'PushList', observedAt: wallTime(), items };
  });
}

/** What a survey found to be left over, and what people decide about it. */
export function addLeftoverRoutes(app: FastifyInstance, door: Door): void {
  app.get('/api/v1/leftovers', () => ({
    ...{ apiVersion: API_VERSION, kind: 'LeftoverList', observedAt: wallTime() },
    items: door.knownLeftovers(),
  }));
  app.get<{ Params: { survey: string } }>('/api/v1/leftovers/:survey', async (request) => ({
    ...{ apiVersion: API_VERSION, kind: 'LeftoverList', observedAt: wallTime() },
    items: await door.leftovers(request.params.survey),
  }));
  app.post('/api/v1/leftovers', OPERATE, async (request) => {
    const decision = readBody(LeftoverBody, request.body);
    door.decideLeftover({ ...decision, ...askerOf(request) });
    return itemDocument('LeftoverDecision', decision);
  });
}

export function addOperationRoute(app: FastifyInstance, door: Door): void {
  app.post('/api/v1/operations', OPERATE, async (request, reply) => {
    const body = readBody(OperationBody, request.body);
    const operation = await door.submitOperation({ ...body, ...askerOf(request) });
    if (body.dryRun) return itemDocument('Operation', operation);
    void reply.code(202).header('location', `${app.basePath}api/v1/operations/${operation.id}`);
    return itemDocument('Operation', operation);
  });
}

/** What rests sealed, and the change of its key. */
export function addSecretRoutes(app: FastifyInstance, door: Door): void {
  app.get('/api/v1/secrets', ADMIN, async () => itemDocument('Secrets', await door.secrets()));
  app.post('/api/v1/secrets/rotate', ADMIN, async (request) => {
    const { reason } = readBody(RotateBody, request.body);
    return itemDocument('Secrets', await door.rotateSecrets(askerOf(request), reason));
  });
}

export function addHostKeyRoutes(app: FastifyInstance, door: Door): void {
  app.post<{ Params: { name: string } }>('/api/v1/hosts/:name/scan', OPERATE, async (request) => {
    const items = await door.scanHostKeys(request.params.name);
    return { apiVersion: API_VERSION, kind: 'HostKeyList', observedAt: wallTime(), items };
  });
  app.post<{ Params: { name: string } }>('/api/v1/hosts/:name/trust', OPERATE, async (request) => {
    const { fingerprint } = readBody(TrustBody, request.body);
    const { name } = request.params;
    await door.trustHostKey(name, fingerprint, askerOf(request));
    return itemDocument('HostKey', { host: name, fingerprint });
  });
}

export function addTokenRoutes(
  app: FastifyInstance,
  { tokens, door }: { tokens: TokenStore; door: Door },
): void {
  app.post('/api/v1/tokens', ADMIN, async (request, reply) => {
    const { name, scope } = readBody(TokenBody, request.body);
    void reply.code(201);
    const keep = (): void => {
      door.audit({ event: 'token', verb: 'create', token: name, scope, ...askerOf(request) });
    };
    return itemDocument('Token', tokens.create(name, scope, keep));
  });
  app.get('/api/v1/tokens', ADMIN, async () => ({
    apiVersion: API_VERSION,
    kind: 'TokenList',
    observedAt: wallTime(),
    items: tokens.list(),
  }));
  app.delete<{ Params: { name: string } }>('/api/v1/tokens/:name', ADMIN, async (request, reply) => {
    const { name } = request.params;
    tokens.revoke(name, () => {
      door.audit({ event: 'token', verb: 'revoke', token: name, ...askerOf(request) });
    });
    return reply.code(204).send();
  });
}

/** What is to be done where: by name, or all of it by a plan. */
function wishedOf(
  body: z.output<typeof PushBody>,
): Pick<PushRequest, 'kind' | 'account' | 'hosts' | 'plan' | 'planOf' | 'secrets' | 'undoOf' | 'confirm'> {
  const { kind, planOf, plan, account, hosts } = body;
  const takesBack = kind === 'undo' || (kind === 'plan' && planOf === 'undo');
  if (takesBack || body.undoOf !== undefined) return undoneOf(body, takesBack);
  if (plan !== undefined) {
    if (account !== null || hosts.length > 0 || kind !== 'push')
      throw new GarrisonError(
        'USAGE',
        'a plan says itself what is done where: name no account, hosts or kind beside it',
      );
    return { kind, account, hosts, plan };
  }
  if (hosts.length === 0) throw new GarrisonError('USAGE', 'hosts: name at least one');
  if (kind === 'remove' && body.confirm !== account?.name)
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      'a removal needs the name of the account once more, as confirm',
    );
  return {
    ...{ kind, account: accountOf(body), hosts },
    ...(kind === 'plan' ? { planOf } : {}),
    ...secretsOf(body),
  };
}

/** It goes beside the account, so that the account may be kept and shown. */
function secretsOf({ kind, planOf, account }: z.output<typeof PushBody>): Pick<PushRequest, 'secrets'> {
  const passwordHash = account?.passwordHash;
  if (passwordHash === undefined) return {};
  if (kind !== 'push' && (kind !== 'plan' || planOf !== 'push'))
    throw new GarrisonError('USAGE', `account.passwordHash has a use only with a push, not with a ${kind}`);
  return { secrets: { passwordHash } };
}

/** The push that is taken back says itself whose account it is, and where. */
function undoneOf(
  { kind, planOf, plan, account, hosts, undoOf, confirm }: z.output<typeof PushBody>,
  takesBack: boolean,
): Pick<PushRequest, 'kind' | 'account' | 'hosts' | 'planOf' | 'undoOf' | 'confirm'> {
  if (!takesBack || undoOf === undefined || plan !== undefined || account !== null)
    throw new GarrisonError(
      'USAGE',
      'an undo, or the plan of one, says which push it takes back (undoOf) and names no account or plan beside it',
    );
  const said = confirm === undefined ? {} : { confirm };
  return { kind, account, hosts, undoOf, ...said, ...(kind === 'plan' ? { planOf } : {}) };
}

function accountOf(body: z.output<typeof PushBody>): AccountWish | null {
  const { account, kind } = body;
  if (account === null) {
    if (isOfHost(kind)) return null;
    throw new GarrisonError('USAGE', `a ${kind} needs an account`);
  }
  const { name, keys, groups, shell, sudo, comment, passwordHash, claim, confirmed, privileged } = account;
  return parseAccountWish({
    name,
    keys,
    ...(groups === undefined ? {} : { groups }),
    ...(shell === undefined ? {} : { shell }),
    ...(sudo === undefined ? {} : { sudo }),
    ...(comment === undefined ? {} : { comment }),
    ...(passwordHash === undefined ? {} : { passwordHash }),
    ...{ claim, confirmed, privileged },
  });
}
