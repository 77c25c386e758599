/**
 * Single keys for the hand that stays on the keyboard: `/ ? g w g j g c r t`; Esc belongs to the dialogs themselves.
 * They never fire while something is typed, and can be switched off (WCAG 2.1.4).
 */
import { signal } from '@preact/signals';
import { keep, kept } from './keep.ts';
import { connection, pause, resume } from './live.ts';
import { nextTheme } from './theme.ts';

export const GO_KEYS = {
  o: '/',
  w: '/workers',
  j: '/jobs',
  p: '/push',
  a: '/grants',
  x: '/leftovers',
  c: '/containers',
  l: '/timeline',
  h: '/history',
  z: '/zombies',
} as const;

export type GoKey = keyof typeof GO_KEYS;

export const keysAreOn = signal(kept('keys') !== 'off');
export const helpIsOpen = signal(false);

/** The second key of a pair must come so soon. */
const PAIR_WITHIN_MS = 1_500;

export function switchKeys(): void {
  keysAreOn.value = !keysAreOn.value;
  keep('keys', keysAreOn.value ? 'on' : 'off');
}

export function startKeys(go: (path: string) => void): void {
  let goAtMs = -PAIR_WITHIN_MS;
  document.addEventListener('keydown', (event) => {
    if (!keysAreOn.value || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const isPair = performance.now() - goAtMs < PAIR_WITHIN_MS;
    goAtMs = -PAIR_WITHIN_MS;
    if (isPair && event.key in GO_KEYS) {
      event.preventDefault();
      go(GO_KEYS[event.key as GoKey]);
    } else if (event.key === 'g') {
      goAtMs = performance.now();
    } else {
      single(event);
    }
  });
}

function single(event: KeyboardEvent): void {
  switch (event.key) {
    case '/': {
      const search = document.querySelector<HTMLInputElement>('input[type="search"]');
      if (search === null) return;
      event.preventDefault();
      search.focus();
      return;
    }
    case '?':
      helpIsOpen.value = true;
      return;
    case 'r':
      if (connection.value.state === 'paused') resume();
      else pause();
      return;
    case 't':
      nextTheme();
      return;
    default:
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}
