/**
 * Who looks at the page, and what that one may do.
 * It only hides what would be refused: the server decides.
 */
import { computed, signal } from '@preact/signals';
import { get, Problem } from './api.ts';
import { oneAtATime } from './oneAtATime.ts';

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

/** Again and again: what somebody may do changes while the page is open. */
export const readActor = oneAtATime(async () => {
  try {
    actor.value = (await get<{ item: Actor }>('api/v1/me')).item;
  } catch (error) {
    // Nobody answered: that takes no right away.
    if (error instanceof Problem && error.status === 401) actor.value = null;
  }
});
