/**
 * Decides who a request comes from and whether that one may do what it asks; the page's port is closed unless a route says otherwise.
 * It never trusts where a request comes from: loopback is open to every user and every web page on the machine.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hostname, networkInterfaces } from 'node:os';
import { problem, sendProblem, type Problem } from './problem.ts';
import type { LoginFailures } from './loginFailures.ts';
import type { Session, Sessions } from './session.ts';
import type { Scope, TokenStore } from './tokenStore.ts';

export interface Actor {
  /** As the journal shows it: `local`, `page`, `token:NAME`. */
  readonly name: string;
  readonly scope: Scope;
  readonly session: Session | null;
}

/** `public`: strangers too. `read`, `operate`, `hook`: by scope, of which `operate` may read too. `socket`: only over the Unix socket. */
export type Access = 'public' | Scope | 'socket';

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | null;
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
  readonly logins: LoginFailures;
  /** The Host headers that are ours; empty until the port is bound. */
  readonly hosts: ReadonlySet<string>;
}

export const SESSION_COOKIE = 'garrison_session';

/** A header that no other site's page can add without asking first (CORS), and we never answer that question. */
export const REQUEST_HEADER = 'garrison-request';

/** Everything over the Unix socket is the operator: its file is 0600 in a folder that is 0700. */
export function guardSocket(app: FastifyInstance): void {
  app.decorateRequest('actor', null);
  app.addHook('onRequest', async (request) => {
    request.actor = { name: 'local', scope: 'operate', session: null };
  });
}

export function guardPage(app: FastifyInstance, guard: PageGuard): void {
  app.decorateRequest('actor', null);
  app.addHook('onRequest', async (request, reply) => {
    const refusal = judge(request, guard);
    if (refusal !== null) return sendProblem(reply, refusal);
    return undefined;
  });
}

/**
 * The metrics' own port. On loopback its one page is open to the machine, but not to a web page that has a name of its own for
 * 127.0.0.1; elsewhere it needs a token, which no browser sends by itself, so that any name of the machine will do.
 */
export function guardMetrics(app: FastifyInstance, guard: PageGuard, open: 'loopback' | 'token'): void {
  app.decorateRequest('actor', null);
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
export function sessionSecretOf(request: FastifyRequest): string | null {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === SESSION_COOKIE && value !== undefined && value !== '') return value;
  }
  return null;
}

/** Proof by the browser itself that the request comes from our own page. */
export function isSameOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin !== undefined && origin !== `http://${host ?? ''}`) return false;
  if (site !== undefined && site !== 'same-origin') return false;
  return origin !== undefined || site !== undefined;
}

/** Every way this listener may be called, with its real port. */
export function ownHosts(address: string, port: number): ReadonlySet<string> {
  const names = ['127.0.0.1', 'localhost', '[::1]', bracketed(address)];
  if (address === '0.0.0.0' || address === '::') {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    names.push(hostname().toLowerCase(), ...addresses.map((entry) => bracketed(entry.address)));
  }
  return new Set(names.flatMap((name) => [`${name}:${String(port)}`, ...(port === 80 ? [name] : [])]));
}

/** Open to this machine only. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function judgeHost(request: FastifyRequest, guard: PageGuard): Problem | null {
  if (guard.hosts.has((request.headers.host ?? '').toLowerCase())) return null;
  const cure = 'use the address that garrison printed';
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
  return judgeKnown(request, request.actor, access);
}

function judgeKnown(
  request: FastifyRequest,
  actor: Actor,
  access: Exclude<Access, 'public'>,
): Problem | null {
  if (access === 'socket') {
    const cure = 'use the garrison command there';
    return problem('NOT_PERMITTED', 'this is only for the operator on the machine itself', cure);
  }
  const wrong = judgeScope(actor, access);
  if (wrong !== null) return wrong;
  if (actor.session !== null && changesSomething(request) && !provesItself(request)) {
    const cure = `send it from the page itself, with the header ${REQUEST_HEADER}: 1`;
    return problem('CROSS_SITE', 'the request does not prove that it comes from this page', cure);
  }
  return null;
}

function judgeScope({ name, scope }: Actor, access: Scope): Problem | null {
  if (access === 'hook') {
    if (scope === 'hook') return null;
    const cure = 'garrison token create --scope hook makes a token for Alertmanager';
    return problem('NOT_PERMITTED', `${name} may not hand in alerts`, cure);
  }
  if (scope === 'hook') return problem('NOT_PERMITTED', `${name} may only hand in alerts`);
  if (access === 'read' || scope === 'operate') return null;
  const cure = 'garrison token create --scope operate makes a token that may act';
  return problem('NOT_PERMITTED', `${name} may only read`, cure);
}

function actorOf(request: FastifyRequest, guard: PageGuard, how: 'use' | 'peek'): Actor | null {
  if (request.headers.authorization !== undefined) return tokenActor(request, guard, how);
  const secret = sessionSecretOf(request);
  const session = secret === null ? null : guard.sessions.find(secret, how);
  return session === null ? null : { name: 'page', scope: 'operate', session };
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

function provesItself(request: FastifyRequest): boolean {
  if (!isSameOrigin(request)) return false;
  return request.routeOptions.config.form === true || request.headers[REQUEST_HEADER] === '1';
}
