/**
 * One question at a time before something is pushed, synced or decided: what will happen, what is to be typed, and what is done on a yes.
 * Nothing is done before the yes, and a refusal stays on the screen beside what was typed.
 */
import { signal } from '@preact/signals';

export interface Confirming {
  readonly title: string;
  /** What will happen, and what will not: a sentence each. */
  readonly lines: readonly string[];
  /** Above all else. */
  readonly warning?: string;
  /** Must be typed letter by letter: an account's name, or a number. */
  readonly typed?: { readonly label: string; readonly word: string };
  readonly needsReason?: boolean;
  /** As it was given before; it may be changed. */
  readonly reason?: string;
  /** On the button that does it. */
  readonly label: string;
  readonly perform: (reason: string | null) => Promise<void>;
}

export const confirming = signal<Confirming | null>(null);

export function confirm(question: Confirming): void {
  confirming.value = question;
}

export function stopConfirming(): void {
  confirming.value = null;
}
