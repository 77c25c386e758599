/**
 * Who looks at the page, and what that one may do.
 * It only hides what would be refused: the server decides.
 */
import { computed, signal } from '@preact/signals';
import { get } from './api.ts';

/** What `GET /api/v1/me` gives. */
export interface Actor {
  readonly name: string;
  readonly role: 'view' | 'operate' | 'admin';
  /** Goes into the form that signs out. */
  readonly formToken: string | null;
}

export const actor = signal<Actor | null>(null);

export const mayAct = computed(() => actor.value !== null && actor.value.role !== 'view');

export const mayAdminister = computed(() => actor.value?.role === 'admin');

export async function readActor(): Promise<void> {
  try {
    actor.value = (await get<{ item: Actor }>('api/v1/me')).item;
  } catch {
    actor.value = null;
  }
}
