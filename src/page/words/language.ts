/**
 * Chooses the language (the reader's choice, else the browser's) and puts words and lengths of time into it.
 * It never translates what the supervisor says: where that has a code, saidZh.ts has the words.
 */
import { computed, signal } from '@preact/signals';
import { kept, keep } from '../keep.ts';
import { en, type WordKey } from './en.ts';
import { fill, type Facts } from './fill.ts';
import { readable } from './readable.ts';
import { zh } from './zh.ts';

export type Language = 'en' | 'zh';

export const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };

const WORDS: Readonly<Record<Language, Readonly<Record<WordKey, string>>>> = { en, zh };

export const language = signal<Language>(firstLanguage());

export const locale = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en'));

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  keep('language', chosen);
}

/** The words of this key, with these facts, which may be anybody's. */
export function t(key: WordKey, facts: Facts = {}): string {
  return fill(WORDS[language.value][key], facts);
}

/** For words that come from the supervisor's closed sets: what has no translation is shown as it came. */
export function word(
  kind: 'state' | 'verb' | 'verdict' | 'truth' | 'heal' | 'owner' | 'kind' | 'stage',
  name: string,
): string {
  const key = `${kind}.${name}`;
  return key in en ? t(key as WordKey) : readable(name);
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `3 min`, `12 s`; below a second in milliseconds. */
export function durationText(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, each]) => ms >= each) ?? (['millisecond', 1] as const);
  const format = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(locale.value, format).format(Math.floor(Math.max(0, ms) / unitMs));
}

/** A figure with its unit, as this language writes it. */
export function figureText(figure: number, format: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(locale.value, format).format(figure);
}

function firstLanguage(): Language {
  const chosen = kept('language');
  if (chosen === 'en' || chosen === 'zh') return chosen;
  return navigator.languages.some((each) => each.toLowerCase().startsWith('zh')) &&
    !(navigator.languages[0] ?? '').toLowerCase().startsWith('en')
    ? 'zh'
    : 'en';
}
