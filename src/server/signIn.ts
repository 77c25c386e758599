/**
 * The sign-in page: by a one-time link, which looking at does not use up, or by name and password; and signing out.
 * It never tells a stranger whether a link was ever good, or a name exists, and never keeps the session that was there before.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Door } from '../supervisor/door.ts';
import { askerOf } from './asker.ts';
import type { Client } from './clientAddress.ts';
import { LINK_ACTOR, sessionSecretOf, type PageGuard } from './guard.ts';
import { html } from './html.ts';
import type { LoginDesk, SignIn } from './loginDesk.ts';
import { narrow, sendLoginForm } from './loginForm.ts';
import { sendPage } from './pageFrame.ts';
import { isEncrypted, isSameOrigin, wayBack } from './place.ts';
import { problem, sendProblem } from './problem.ts';

const PUBLIC = { config: { access: 'public' as const } };
const FORM = { config: { access: 'read' as const, form: true } };
/** A name and a password at their longest, and nothing to fill the memory with. */
const LOGIN = { ...PUBLIC, bodyLimit: 16 * 1024 };

export interface SignInNeeds {
  readonly guard: PageGuard;
  readonly desk: LoginDesk;
  readonly door: Pick<Door, 'note'>;
  /** Whether somebody there may be told plainly what was wrong. */
  readonly explains: (client: Client) => boolean;
}

interface LoginBody {
  readonly token?: unknown;
  readonly name?: unknown;
  readonly password?: unknown;
  readonly to?: unknown;
}

export function addSignInRoutes(app: FastifyInstance, needs: SignInNeeds): void {
  const { sessions } = needs.guard;
  const form = { parseAs: 'string' } as const;
  app.addContentTypeParser('application/x-www-form-urlencoded', form, ({ routeOptions }, body, done) => {
    const takesForms = routeOptions.config.form === true || routeOptions.url === '/login';
    if (takesForms) done(null, Object.fromEntries(new URLSearchParams(String(body))));
    else done(Object.assign(new Error('the API takes JSON'), { statusCode: 415 }));
  });
  addLoginRoutes(app, needs);
  app.post<{ Body: { form?: unknown } | undefined }>('/logout', FORM, async (request, reply) => {
    const secret = sessionSecretOf(request, sessions);
    if (secret === null || request.body?.form !== request.actor?.session?.formToken) {
      return sendProblem(reply, problem('CROSS_SITE', 'press the button on the page'));
    }
    sessions.close(secret);
    needs.door.note({ event: 'signOut', ...askerOf(request) });
    void reply.header('set-cookie', cookie('', needs.guard, request));
    const body = narrow(
      html`<p>You are signed out.</p>
        <p><a href="login">Sign in</a></p>`,
    );
    return sendPage(reply, { title: 'Signed out', body });
  });
}

function addLoginRoutes(app: FastifyInstance, needs: SignInNeeds): void {
  const { sessions, logins, place } = needs.guard;
  app.get<{ Querystring: { token?: unknown; to?: unknown } }>('/login', PUBLIC, async (request, reply) => {
    const { token: secret, to } = request.query;
    if (secret === undefined) return sendLoginForm(request, reply, { to });
    if (typeof secret !== 'string' || !sessions.linkIsGood(secret)) {
      logins.note('link');
      return refuseLink(reply);
    }
    const body = html`<p>This link signs in once.</p>
      <form method="post" action="${place.basePath}login">
        <input type="hidden" name="token" value="${secret}" /><button>Sign in</button>
      </form>`;
    return sendPage(reply, { title: 'Sign in', body: narrow(body) });
  });
  app.post<{ Body: LoginBody | undefined }>('/login', LOGIN, async (request, reply) => {
    if (!isSameOrigin(request, place)) {
      return sendProblem(reply, problem('CROSS_SITE', 'press the button on the page of the link'));
    }
    const { token, name, password, to } = request.body ?? {};
    if (typeof name !== 'string' || typeof password !== 'string')
      return enterByLink({ request, reply, link: token }, needs);
    const client = request.client ?? { address: '', isLocal: false };
    const signIn = await needs.desk.signIn({ name, password, client });
    if (signIn.outcome === 'in') return enter({ request, reply, session: signIn.session, to }, needs.guard);
    return refuse({ request, reply, signIn, to, name, plainly: needs.explains(client) });
  });
}

interface Followed {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly link: unknown;
}

function enterByLink({ request, reply, link }: Followed, { guard, door }: SignInNeeds): FastifyReply {
  const session = typeof link === 'string' ? guard.sessions.open(link) : null;
  if (session === null) {
    guard.logins.note('link');
    return refuseLink(reply);
  }
  door.note({ event: 'signIn', ...askerOf(request), actor: LINK_ACTOR });
  return enter({ request, reply, session }, guard);
}

interface Entering {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly session: string;
  readonly to?: unknown;
}

/** With a session of its own: one that was there before may be known to whoever put it there. */
function enter({ request, reply, session, to }: Entering, guard: PageGuard): FastifyReply {
  const { sessions, place } = guard;
  const before = sessionSecretOf(request, sessions);
  if (before !== null) sessions.close(before);
  void reply.header('set-cookie', cookie(session, guard, request));
  return reply.redirect(wayBack(to, place.basePath), 303);
}

interface Refusing {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly signIn: Exclude<SignIn, { readonly outcome: 'in' }>;
  readonly to: unknown;
  readonly name: string;
  readonly plainly: boolean;
}

function refuse({ request, reply, signIn, to, name, plainly }: Refusing): FastifyReply {
  if (signIn.outcome === 'wait') {
    const seconds = Math.ceil(signIn.afterMs / 1000);
    void reply.code(429).header('retry-after', String(seconds));
    return sendLoginForm(request, reply, { to, name, wait: { seconds, because: signIn.because } });
  }
  void reply.code(401);
  return sendLoginForm(request, reply, { to, name, refused: plainly ? signIn.refusal : 'uniform' });
}

function refuseLink(reply: FastifyReply): FastifyReply {
  return sendProblem(
    reply,
    problem(
      'UNAUTHENTICATED',
      'this link is not good: it was used, is older than 15 minutes, or the supervisor was restarted',
      'garrison sign-in prints a new one',
    ),
  );
}

/** Secure is left out over plain HTTP on loopback, where a browser would drop the cookie. An empty value ends it. */
function cookie(value: string, { sessions, place }: PageGuard, request: FastifyRequest): string {
  const isSecure = isEncrypted(request, place);
  const attributes = `HttpOnly; SameSite=Strict; Path=${place.basePath}${isSecure ? '; Secure' : ''}`;
  return `${sessions.cookieName}=${value}; ${attributes}${value === '' ? '; Max-Age=0' : ''}`;
}
