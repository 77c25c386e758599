/**
 * The one-time sign-in link and its session: looking at the link shows a button, pressing it uses the link up.
 * It never tells a stranger whether a link was ever good.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { isSameOrigin, SESSION_COOKIE, sessionSecretOf, type PageGuard } from './guard.ts';
import { html, type Markup } from './html.ts';
import { sendPage } from './pageFrame.ts';
import { problem, sendProblem } from './problem.ts';

const PUBLIC = { config: { access: 'public' as const } };
const FORM = { config: { access: 'read' as const, form: true } };

export function addSignInRoutes(app: FastifyInstance, guard: PageGuard): void {
  const form = { parseAs: 'string' } as const;
  app.addContentTypeParser('application/x-www-form-urlencoded', form, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
  addLoginRoutes(app, guard);
  app.post<{ Body: { form?: unknown } | undefined }>('/logout', FORM, async (request, reply) => {
    const secret = sessionSecretOf(request);
    if (secret === null || request.body?.form !== request.actor?.session?.formToken) {
      return sendProblem(reply, problem('CROSS_SITE', 'press the button on the page'));
    }
    guard.sessions.close(secret);
    void reply.header('set-cookie', cookie('', 'gone'));
    return sendPage(reply, { title: 'Signed out', body: narrow(html`<p>You are signed out.</p>`) });
  });
}

function addLoginRoutes(app: FastifyInstance, { sessions, logins }: PageGuard): void {
  const refuse = (reply: FastifyReply): FastifyReply => {
    logins.note('link');
    return refuseLink(reply);
  };
  app.get<{ Querystring: { token?: string } }>('/login', PUBLIC, async (request, reply) => {
    const secret = request.query.token;
    if (typeof secret !== 'string' || !sessions.linkIsGood(secret)) return refuse(reply);
    const body = html`<p>This link signs in once.</p>
      <form method="post" action="/login">
        <input type="hidden" name="token" value="${secret}" /><button>Sign in</button>
      </form>`;
    return sendPage(reply, { title: 'Sign in', body: narrow(body) });
  });
  app.post<{ Body: { token?: unknown } | undefined }>('/login', PUBLIC, async (request, reply) => {
    if (!isSameOrigin(request)) {
      return sendProblem(reply, problem('CROSS_SITE', 'press the button on the page of the link'));
    }
    const secret = request.body?.token;
    const session = typeof secret === 'string' ? sessions.open(secret) : null;
    if (session === null) return refuse(reply);
    return reply.header('set-cookie', cookie(session, 'session')).redirect('/', 303);
  });
}

function narrow(body: Markup): Markup {
  return html`<main class="narrow">
    <h1>Garrison</h1>
    ${body}
  </main>`;
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

/** Secure is left out on purpose: the page is plain HTTP on loopback, and a browser would drop the cookie. */
function cookie(value: string, lifetime: 'session' | 'gone'): string {
  const attributes = 'HttpOnly; SameSite=Strict; Path=/';
  return `${SESSION_COOKIE}=${value}; ${attributes}${lifetime === 'gone' ? '; Max-Age=0' : ''}`;
}
