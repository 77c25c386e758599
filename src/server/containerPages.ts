/**
 * The pages between a button and what it does: first the question with its plan and its cost, then the deed, then how it went.
 * Looking at a question does nothing, and without the form of that page nothing is done.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Door, OperationView } from '../supervisor/door.ts';
import { askerOf } from './asker.ts';
import { hiddenFields, wishOf, wishText, type PageWish } from './containerWish.ts';
import { html, type Markup } from './html.ts';
import { sendPage } from './pageFrame.ts';
import { problem, problemOf, sendProblem } from './problem.ts';

const ASK = { config: { access: 'operate' as const } };
const ACT = { config: { access: 'operate' as const, form: true } };

export function addContainerPages(app: FastifyInstance, door: Door): void {
  app.get('/ask', ASK, (request, reply) =>
    orRefusal(reply, async () => {
      const wish = wishOf(request.query);
      const plan = await door.submitOperation({ ...requestOf(wish), ...askerOf(request), dryRun: true });
      const formToken = request.actor?.session?.formToken ?? '';
      return sendPage(reply, {
        title: `${wishText(wish)}?`,
        body: questionBody(wish, plan, formToken),
      });
    }),
  );
  app.post<{ Body: { form?: unknown } | undefined }>('/act', ACT, async (request, reply) => {
    const formToken = request.actor?.session?.formToken;
    if (formToken === undefined || request.body?.form !== formToken)
      return sendProblem(reply, problem('CROSS_SITE', 'press the button on the page'));
    return orRefusal(reply, async () => {
      const wish = wishOf(request.body);
      const { id } = await door.submitOperation({ ...requestOf(wish), ...askerOf(request), dryRun: false });
      return reply.redirect(`${app.basePath}operations/${encodeURIComponent(id)}`, 303);
    });
  });
  app.get<{ Params: { id: string } }>('/operations/:id', (request, reply) =>
    orRefusal(reply, async () => {
      const operation = door.operation(request.params.id);
      // No script needed, and no moment between looking and listening in which its end could be missed.
      if (operation.state === 'running') void reply.header('refresh', String(LOOK_AGAIN_S));
      return sendPage(reply, { title: wishText(operation), body: outcomeBody(operation) });
    }),
  );
}

const LOOK_AGAIN_S = 2;

function requestOf({ verb, target, forMs, reason }: ReturnType<typeof wishOf>): {
  readonly verb: PageWish['verb'];
  readonly target: string;
  readonly reason: string | null;
  readonly ifIncarnation: null;
  readonly forMs: number | null;
} {
  return { verb, target, reason, ifIncarnation: null, forMs: forMs ?? null };
}

/** A refusal is an answer for people, too. */
async function orRefusal(reply: FastifyReply, answer: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await answer();
  } catch (error) {
    const known = problemOf(error);
    if (known === null) throw error;
    const { status, detail, cure } = known;
    const body = html`<h1>Nothing was done</h1>
      <p class="state bad">${detail}</p>
      ${cure === undefined ? html`` : html`<p>Next: ${cure}</p>`} ${BACK}`;
    return sendPage(reply.code(status), { title: 'Nothing was done', body });
  }
}

const BACK = html`<p><a href="plain">Back to the status</a></p>`;

function questionBody(wish: PageWish, plan: OperationView, formToken: string): Markup {
  return html`<h1>${wishText(wish)}?</h1>
    <p>${plan.detail}</p>
    ${stepList(plan)}
    <h2>Whom it interrupts</h2>
    ${
      plan.interrupts.length === 0
        ? html`<p>Nobody, as far as can be seen.</p>`
        : html`<ul>
            ${plan.interrupts.map((interrupted) => html`<li class="state bad">${interrupted}</li>`)}
          </ul>`
    }
    <form method="post" action="act">
      <input type="hidden" name="form" value="${formToken}" />${hiddenFields(wish)}
      <p>
        <label>Why (kept in the journal): <input name="reason" maxlength="1000" size="40" /></label>
      </p>
      <button>${wishText(wish)}</button>
    </form>
    ${BACK}`;
}

function outcomeBody(operation: OperationView): Markup {
  const { id, state, detail, actor, reason, createdAt, interrupts } = operation;
  return html`<h1>${wishText(operation)}</h1>
    <p class="state ${state === 'failed' ? 'bad' : 'good'}">${state}</p>
    <p>${detail}</p>
    ${stepList(operation)}
    ${
      interrupts.length === 0
        ? html``
        : html`<h2>What it interrupts</h2>
            <ul>
              ${interrupts.map((interrupted) => html`<li>${interrupted}</li>`)}
            </ul>`
    }
    <p class="quiet">
      Operation ${id}, asked for by ${actor} at
      <time>${createdAt}</time>${reason === null ? '' : `: ${reason}`}.
      ${state === 'running' ? 'This page looks again by itself.' : ''}
    </p>
    ${BACK}`;
}

function stepList({ steps }: OperationView): Markup {
  if (steps === undefined || steps.length === 0) return html``;
  return html`<h2>Step by step</h2>
    <ol>
      ${steps.map((step) => html`<li>${step}</li>`)}
    </ol>`;
}
