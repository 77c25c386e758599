/**
 * Sends an HTML page in its frame: one style, at most one script, and a policy that lets nothing else run or load.
 * It never takes anything from another address.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { html, type Markup } from './html.ts';

export interface Page {
  readonly title: string;
  readonly body: Markup;
  /** Our own script text; never made from data. */
  readonly script?: string;
  /** Of its text; English unless told. */
  readonly language?: 'en' | 'zh';
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
.narrow { max-width: 24rem; margin: 4rem auto; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); vertical-align: top; }
.state { font-weight: 600; white-space: nowrap; } .quiet { opacity: .75; } time { white-space: nowrap; }
.good::before { content: "\\25CF  "; color: #1a7f37; } .bad::before { content: "\\25B2  "; color: #b42318; }
button { font: inherit; padding: .3rem 1rem; } header form { float: right; }
.sign-in label { display: block; } .sign-in input { font: inherit; padding: .3rem .5rem; width: 100%; box-sizing: border-box; }
`;

export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  const script: Markup =
    page.script === undefined ? html`` : { markup: `<script nonce="${nonce}">${page.script}</script>` };
  const style: Markup = { markup: `<style nonce="${nonce}">${STYLE}</style>` };
  const whole = html`<!doctype html>
    <html lang="${page.language ?? 'en'}">
      <head>
        <meta charset="utf-8" />
        <base href="${reply.server.basePath}" />
        <title>${page.title} · Garrison</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${style}
      </head>
      <body>
        ${page.body}${script}
      </body>
    </html> `;
  void reply.header(
    'content-security-policy',
    `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'`,
  );
  return reply.type('text/html; charset=utf-8').send(whole.markup);
}
