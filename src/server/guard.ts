/**
 * Decides who a request comes from and whether that one may do what it asks; the page's port is closed unless a route says otherwise.
 * It never trusts where a request comes from: loopback is open to every user and every web page on the machine.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Client, FindClient } from './clientAddress.ts';
import type { LoginFailures } from './loginFailures.ts';
import { isSameOrigin, type Place } from './place.ts';
import { problem, sendProblem, type Problem } from './problem.ts';
import { bringsToken, sendToLogin, wantsPage } from './toLogin.ts';
import type { Session, Sessions } from './session.ts';
import type { Scope, TokenStore } from './tokenStore.ts';
import type { Role, UserStore } from './userStore.ts';

export interface Actor {
  /** As the journal shows it: `local:NAME` of a user of the machine, `page`, `user:NAME`, `token:NAME`. */
  readonly name: string;
  /** `admin` may also what concerns accounts and tokens. */
  readonly scope: Scope | 'admin';
  readonly session: Session | null;
}

/** `public`: strangers too. The others by scope: `admin` may all that `operate` may, which may all that `read` may; `hook` its own only. */
export type Access = 'public' | Scope | 'admin';

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | null;
    /** Who is at the other end; null over the Unix socket. */
    client: Client | null;
  }
  interface FastifyContextConfig {
    access?: Access;
    /** A form cannot send a header of our own; it proves itself by its hidden field. */
    form?: boolean;
  }
}

export interface PageGuard {
  readonly sessions: Sessions;
  readonly tokens: TokenStore;
  readonly users: UserStore;
  readonly logins: LoginFailures;
  readonly findClient: FindClient;
  readonly place: Place;
}

/** Whoever came by a one-time link, which is the operator's on the machine. */
export const LINK_ACTOR = 'page';

/** A header that no other site's page can add without asking first (CORS), and we never answer that question. */
export const REQUEST_HEADER = 'garrison-request';

export function guardPage(app: FastifyInstance, guard: PageGuard): void {
  decorate(app);
  app.addHook('onRequest', async (request, reply) => {
    request.client = guard.findClient({
      socketAddress: request.socket.remoteAddress,
      headers: request.headers,
    });
    const refusal = judge(request, guard);
    if (refusal === null) return undefined;
    if (refusal.code === 'UNAUTHENTICATED' && wantsPage(request)) return sendToLogin(request, reply);
    return sendProblem(reply, refusal);
  });
}

export function decorate(app: FastifyInstance): void {
  app.decorateRequest('actor', null);
  app.decorateRequest('client', null);
}

/**
 * The metrics' own port. On loopback its one page is open to the machine, but not to a web page that has a name of its own for
 * 127.0.0.1; elsewhere it needs a token, which no browser sends by itself, so that any name of the machine will do.
 */
export function guardMetrics(app: FastifyInstance, guard: PageGuard, open: 'loopback' | 'token'): void {
  decorate(app);
  app.addHook('onRequest', async (request, reply) => {
    const refusal = open === 'loopback' ? judgeHost(request, guard) : judgeToken(request, guard);
    if (refusal !== null) return sendProblem(reply, refusal);
    return undefined;
  });
}

/** Is this request still from someone who may read? Asked again and again by streams, which outlive sessions. */
export function stillAllowed(request: FastifyRequest, guard: PageGuard | null): boolean {
  return guard === null || actorOf(request, guard, 'peek') !== null;
}

/** The secret in the session cookie. */
export function sessionSecretOf(
  request: FastifyRequest,
  { cookieName }: Pick<Sessions, 'cookieName'>,
): string | null {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === cookieName && value !== undefined && value !== '') return value;
  }
  return null;
}

/** May this one do what wants that scope? */
export function mayDo({ scope }: Actor, access: 'read' | 'operate' | 'admin'): boolean {
  return scope !== 'hook' && RANK[scope] >= RANK[access];
}

const RANK = { read: 0, operate: 1, admin: 2 } as const;

const SCOPE_OF: Readonly<Record<Role, 'read' | 'operate' | 'admin'>> = {
  view: 'read',
  operate: 'operate',
  admin: 'admin',
};

function judgeHost(request: FastifyRequest, guard: PageGuard): Problem | null {
  if (guard.place.hosts.has((request.headers.host ?? '').toLowerCase())) return null;
  const cure = 'use the address that garrison printed; page.publicUrl in garrison.yaml names another';
  return problem('MISDIRECTED', 'the Host header names another server', cure);
}

function judgeToken(request: FastifyRequest, guard: PageGuard): Problem | null {
  if (!request.is404 && request.routeOptions.config.access === 'public') return null;
  request.actor = tokenActor(request, guard, 'use');
  if (request.actor !== null) return null;
  const cure = 'garrison token create makes one; Prometheus sends it as `authorization: { credentials }`';
  return problem('UNAUTHENTICATED', 'send a token', cure);
}

function judge(request: FastifyRequest, guard: PageGuard): Problem | null {
  const misdirected = judgeHost(request, guard);
  if (misdirected !== null) return misdirected;
  request.actor = actorOf(request, guard, 'use');
  const access = request.is404 ? 'read' : (request.routeOptions.config.access ?? 'read');
  if (access === 'public') return null;
  if (request.actor === null) {
    const cure = 'open a one-time link (garrison sign-in prints one) or send a token (garrison token create)';
    return problem('UNAUTHENTICATED', 'sign in first', cure);
  }
  return judgeKnown(request, { actor: request.actor, access, place: guard.place });
}

function judgeKnown(
  request: FastifyRequest,
  { actor, access, place }: { actor: Actor; access: Exclude<Access, 'public'>; place: Place },
): Problem | null {
  const wrong = judgeScope(actor, access);
  if (wrong !== null) return wrong;
  if (actor.session !== null && changesSomething(request) && !provesItself(request, place)) {
    const cure = `send it from the page itself, with the header ${REQUEST_HEADER}: 1`;
    return problem('CROSS_SITE', 'the request does not prove that it comes from this page', cure);
  }
  return null;
}

function judgeScope(actor: Actor, access: Exclude<Access, 'public'>): Problem | null {
  const { name, scope } = actor;
  if (access === 'hook') {
    if (scope === 'hook') return null;
    const cure = 'garrison token create --scope hook makes a token for Alertmanager';
    return problem('NOT_PERMITTED', `${name} may not hand in alerts`, cure);
  }
  if (scope === 'hook') return problem('NOT_PERMITTED', `${name} may only hand in alerts`);
  if (mayDo(actor, access)) return null;
  if (access === 'admin') {
    const cure = 'sign in with an account of role admin, or use the garrison command on the machine';
    return problem('NOT_PERMITTED', `${name} may not look after accounts and tokens`, cure);
  }
  const cure = name.startsWith('user:')
    ? 'an administrator gives roles: garrison user role NAME --role operate'
    : 'garrison token create --scope operate makes a token that may act';
  return problem('NOT_PERMITTED', `${name} may only read`, cure);
}

function actorOf(request: FastifyRequest, guard: PageGuard, how: 'use' | 'peek'): Actor | null {
  if (bringsToken(request)) return tokenActor(request, guard, how);
  const secret = sessionSecretOf(request, guard.sessions);
  const session = secret === null ? null : guard.sessions.find(secret, how);
  if (session === null) return null;
  if (session.user === null) return { name: LINK_ACTOR, scope: 'admin', session };
  // Asked anew each time: a role that was taken away is gone at once.
  const user = guard.users.find(session.user);
  return user === null ? null : { name: `user:${user.name}`, scope: SCOPE_OF[user.role], session };
}

function tokenActor(request: FastifyRequest, guard: PageGuard, how: 'use' | 'peek'): Actor | null {
  const { authorization } = request.headers;
  if (authorization === undefined) return null;
  const token = /^Bearer ([A-Za-z0-9_-]{1,200})$/i.exec(authorization)?.[1];
  const known = token === undefined ? null : guard.tokens.find(token);
  if (known === null && how === 'use') guard.logins.note('token');
  return known === null ? null : { name: `token:${known.name}`, scope: known.scope, session: null };
}

function changesSomething(request: FastifyRequest): boolean {
  return request.method !== 'GET' && request.method !== 'HEAD';
}

function provesItself(request: FastifyRequest, place: Place): boolean {
  if (!isSameOrigin(request, place)) return false;
  return request.routeOptions.config.form === true || request.headers[REQUEST_HEADER] === '1';
}
