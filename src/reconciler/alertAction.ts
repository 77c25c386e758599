/**
 * Says what an alert asks for: the verb that its name is allowed, on the worker or the container that its labels name.
 * It does nothing, and an alert whose name nobody wrote into the configuration asks for nothing.
 */

export type AlertVerb = 'restart' | 'heal' | 'quiet';

/** One alert of a delivery, with what is read of it. */
export interface Alert {
  readonly status: 'firing' | 'resolved';
  /** By which Alertmanager knows its labels. */
  readonly fingerprint: string;
  /** RFC 3339, as it came. */
  readonly startsAt: string;
  readonly alertname: string;
  readonly worker: string | null;
  readonly container: string | null;
}

export type AlertDeed =
  | { readonly kind: 'ignore'; readonly why: string }
  | { readonly kind: 'act'; readonly verb: AlertVerb; readonly target: string };

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;

export function deedOf(alert: Alert, actions: ReadonlyMap<string, AlertVerb>): AlertDeed {
  if (alert.status === 'resolved') return ignore('it is resolved');
  const verb = actions.get(alert.alertname);
  if (verb === undefined) return ignore('no action is allowed for it under hooks.alertmanager.actions');
  const named = kindsFor(verb).filter((kind) => alert[kind] !== null);
  const [kind] = named;
  if (kind === undefined) return ignore(`to ${verb}, it needs a label ${kindsFor(verb).join(' or ')}`);
  if (named.length > 1) return ignore('it names both a worker and a container');
  const name = alert[kind] ?? '';
  return NAME.test(name)
    ? { kind: 'act', verb, target: `${kind}/${name}` }
    : ignore(`its label ${kind} is not a name`);
}

/** One firing of one alert, however often and by however many Alertmanagers it is delivered. */
export function firingKey({ fingerprint, startsAt }: Pick<Alert, 'fingerprint' | 'startsAt'>): string {
  return `${fingerprint} ${startsAt}`;
}

function kindsFor(verb: AlertVerb): readonly ('worker' | 'container')[] {
  switch (verb) {
    case 'restart':
      return ['worker', 'container'];
    case 'heal':
      return ['container'];
    case 'quiet':
      return ['worker'];
  }
}

function ignore(why: string): AlertDeed {
  return { kind: 'ignore', why };
}
