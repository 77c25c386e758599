/**
 * The supervisor's time, as far as this browser can tell it, once a second; and whole times in words.
 * It never runs while nobody can see the page.
 */
import { signal } from '@preact/signals';
import { clockSkewMs } from './store.ts';
import { durationText, locale, t } from './words/language.ts';

const browserNowMs = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (document.visibilityState === 'visible') browserNowMs.value = Date.now();
  }, 1_000);
  document.addEventListener('visibilitychange', () => {
    browserNowMs.value = Date.now();
  });
}

/** By this browser's own clock. */
export function agoText(browserMs: number): string {
  return lengthText(browserNowMs.value - browserMs);
}

/** Of a time that the supervisor told. */
export function sinceText(at: string): string {
  return lengthText(browserNowMs.value + clockSkewMs.value - Date.parse(at));
}

/** How long it has lasted. */
export function lastedMs(at: string): number {
  return Math.max(0, browserNowMs.value + clockSkewMs.value - Date.parse(at));
}

export function clockText(ms: number): string {
  return new Intl.DateTimeFormat(locale.value, { timeStyle: 'medium', hourCycle: 'h23' }).format(ms);
}

export function wholeText(at: string): string {
  const format = { dateStyle: 'medium', timeStyle: 'long', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(locale.value, format).format(Date.parse(at));
}

/** The zone of every time on the page that names none, as it is today: `Europe/Berlin (GMT+1)`. */
export function zoneText(): string {
  const format = new Intl.DateTimeFormat(locale.value, { timeZoneName: 'shortOffset' });
  const offset = format.formatToParts().find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const { timeZone } = format.resolvedOptions();
  return timeZone === 'UTC' ? timeZone : `${timeZone} (${offset})`;
}

function lengthText(ms: number): string {
  if (Math.abs(ms) < 1_000) return t('time.now');
  return ms > 0
    ? t('time.ago', { duration: durationText(ms) })
    : t('time.ahead', { duration: durationText(-ms) });
}
