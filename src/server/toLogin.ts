/**
 * Sends a browser that asks for a page, and is not signed in, to the sign-in page and back.
 * It never answers a program so: that one gets the problem document.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { html } from './html.ts';
import { sendPage } from './pageFrame.ts';
import { askedPath } from './place.ts';

/** A token is sent as `Bearer` and nothing else: what a proxy asks its visitors for (`Basic …`) comes along to us, too. */
export function bringsToken({ headers }: FastifyRequest): boolean {
  return /^Bearer(?: |$)/i.test(headers.authorization ?? '');
}

/** Somebody opens a page, as opposed to a script that asks for one. */
export function wantsPage(request: FastifyRequest): boolean {
  const { method, url, headers } = request;
  return (
    method === 'GET' &&
    !bringsToken(request) &&
    (headers.accept ?? '').includes('text/html') &&
    !url.startsWith('/api/')
  );
}

export function sendToLogin(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { basePath } = reply.server;
  const path = askedPath(request.url);
  // A SameSite=Strict cookie does not come along from another site's link; asked for by our own page, it does.
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') {
    void reply.header('refresh', `0; url=${basePath}${path}`);
    const body = html`<main class="narrow">
      <p><a href="${basePath}${path}">Garrison</a></p>
    </main>`;
    return sendPage(reply.code(401), { title: 'Garrison', body });
  }
  const to = path === '' ? '' : `?to=${encodeURIComponent(path)}`;
  return reply.redirect(`${basePath}login${to}`, 303);
}
