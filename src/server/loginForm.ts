/**
 * Draws the form for name and password, and why the last try did not sign in; it needs no script.
 * It never shows a password again, and the reason only in the words it is told to.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { html, type Markup } from './html.ts';
import type { Refusal } from './loginDesk.ts';
import { LOGIN_WORDS, preferredLanguage, type Language } from './loginWords.ts';
import { sendPage } from './pageFrame.ts';

export interface LoginFormView {
  readonly to: unknown;
  readonly name?: string;
  readonly refused?: Refusal | 'uniform';
  readonly wait?: { readonly seconds: number; readonly because: 'source' | 'crowd' };
}

/** What a name may be shown as: nobody reads ten thousand letters. */
const SHOWN_LETTERS = 64;

export function sendLoginForm(
  request: FastifyRequest,
  reply: FastifyReply,
  view: LoginFormView,
): FastifyReply {
  const language = preferredLanguage(request.headers['accept-language']);
  const words = LOGIN_WORDS[language];
  const body = formBody(view, language);
  void reply.header('vary', 'accept-language');
  return sendPage(reply, { title: words.title, body: narrow(body), language });
}

function formBody(view: LoginFormView, language: Language): Markup {
  const words = LOGIN_WORDS[language];
  const name = shown(view.name ?? '');
  return html`<p>${words.title}</p>
    ${troubles(view, language).map((text) => html`<p class="state bad" role="alert">${text}</p>`)}
    <form class="sign-in" method="post" action="login">
      <input type="hidden" name="to" value="${typeof view.to === 'string' ? view.to.slice(0, 2_000) : ''}" />
      <p>
        <label for="name">${words.name}</label>
        <input
          id="name"
          name="name"
          value="${name}"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          ${focusOn(name === '')}
        />
      </p>
      <p>
        <label for="password">${words.password}</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          ${focusOn(name !== '')}
        />
      </p>
      <button>${words.button}</button>
    </form>
    <p class="quiet">${words.hint}</p>`;
}

export function narrow(body: Markup): Markup {
  return html`<main class="narrow">
    <h1>Garrison</h1>
    ${body}
  </main>`;
}

function troubles({ refused, wait, name = '' }: LoginFormView, language: Language): readonly string[] {
  const words = LOGIN_WORDS[language];
  if (wait !== undefined) return [words.wait[wait.because](wait.seconds)];
  if (refused === undefined) return [];
  return refused === 'uniform' ? [words.refused] : words.explained(refused, shown(name.trim()));
}

function focusOn(here: boolean): Markup {
  return here ? html`autofocus` : html``;
}

/** Without what a terminal or a reader of the page would take for something else. */
function shown(name: string): string {
  const letters = Array.from(name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�'));
  return letters.length > SHOWN_LETTERS ? `${letters.slice(0, SHOWN_LETTERS).join('')}…` : letters.join('');
}
