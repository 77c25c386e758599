/**
 * A state as people see it everywhere on the page: a sign of its own shape, the word, and a colour beside them.
 * The colour never says anything that the sign and the word do not.
 */
import { word } from '../words/language.ts';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'off';

const TONES: Readonly<Record<string, Tone>> = {
  up: 'good',
  healthy: 'good',
  done: 'good',
  ok: 'good',
  changed: 'good',
  unchanged: 'good',
  trusted: 'good',
  create: 'good',
  change: 'good',
  locked: 'good',
  starting: 'busy',
  running: 'busy',
  verifying: 'busy',
  queued: 'busy',
  open: 'busy',
  draining: 'busy',
  healing: 'busy',
  planned: 'busy',
  waiting: 'busy',
  late: 'warn',
  backoff: 'warn',
  unknown: 'warn',
  conflict: 'warn',
  untrusted: 'warn',
  away: 'bad',
  blocked: 'bad',
  hung: 'bad',
  failed: 'bad',
  bad: 'bad',
  unhealthy: 'bad',
  quarantined: 'bad',
  ghost: 'bad',
  stopped: 'off',
  paused: 'off',
  cancelled: 'off',
};

export const SIGNS: Readonly<Record<Tone, string>> = { good: '●', busy: '◐', warn: '▲', bad: '✖', off: '■' };

export function toneOf(state: string): Tone {
  return TONES[state] ?? 'warn';
}

interface StateProps {
  readonly state: string;
  readonly kind?: 'state' | 'verdict';
  /** Other words than the state's own. */
  readonly label?: string;
}

export function State({ state, kind = 'state', label }: StateProps) {
  const tone = toneOf(state);
  return (
    <span class={`state ${tone}`} data-state={state}>
      <span aria-hidden="true">{SIGNS[tone]}</span> {label ?? word(kind, state)}
    </span>
  );
}
