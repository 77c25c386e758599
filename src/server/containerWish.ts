/**
 * What may be wished for on the page, how a form carries it, and how it is read back.
 * It takes nothing that the API would not take, and never the Docker daemon: that is for the command line alone.
 */
import { GarrisonError } from '../errors.ts';
import type { Verb } from '../supervisor/door.ts';
import { OperationBody, readBody } from './body.ts';
import { html, type Markup } from './html.ts';

export interface PageWish {
  readonly verb: PageVerb;
  readonly target: string;
  readonly forMs?: number | null;
}

export type PageVerb = keyof typeof WORDS;

/** A form that only asks: it leads to the page that shows what would be done. */
export function askButton(wish: PageWish, words: string): Markup {
  return html`<form method="get" action="ask">${hiddenFields(wish)}<button>${words}</button></form>`;
}

export function hiddenFields({ verb, target, forMs }: PageWish): Markup {
  return html`<input type="hidden" name="verb" value="${verb}" /><input
      type="hidden"
      name="target"
      value="${target}"
    />${
      forMs === undefined || forMs === null
        ? html``
        : html`<input type="hidden" name="forMs" value="${forMs}" />`
    }`;
}

/** `Heal container/jms_core`. */
export function wishText({ verb, target }: { readonly verb: Verb; readonly target: string }): string {
  return `${isPageVerb(verb) ? WORDS[verb] : verb} ${target}`;
}

/** Throws USAGE for whatever no form of ours sends. */
export function wishOf(fields: unknown): PageWish & { readonly reason: string | null } {
  const given = (typeof fields === 'object' && fields !== null ? fields : {}) as Record<string, unknown>;
  const { verb, target, reason, forMs } = given;
  const read = readBody(OperationBody, {
    verb,
    target,
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...(forMs === undefined ? {} : { forMs: Number(forMs) }),
  });
  const isAboutContainers = /^(?:all|(?:container|project)\/.+)$/.test(read.target);
  if (!isPageVerb(read.verb) || !isAboutContainers)
    throw new GarrisonError('USAGE', `the page has no button for ${read.verb} ${read.target}`);
  return { verb: read.verb, target: read.target, forMs: read.forMs, reason: read.reason };
}

const WORDS = {
  heal: 'Heal',
  restart: 'Restart',
  clearQuarantine: 'Clear the quarantine of',
  maintenanceOn: 'Begin maintenance of',
  maintenanceOff: 'End the maintenance of',
} as const;

function isPageVerb(verb: Verb): verb is PageVerb {
  return Object.hasOwn(WORDS, verb);
}
