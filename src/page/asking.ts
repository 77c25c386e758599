/**
 * One question at a time: what somebody is about to do, the plan the supervisor gave for it, and how it went.
 * Nothing is done before the question is answered with yes, and then only what was asked.
 */
import { signal } from '@preact/signals';
import type { OperationView, Verb } from '../supervisor/door.ts';
import { apiPath, get, post } from './api.ts';
import { operations, takeOperation } from './store.ts';

export interface Wish {
  readonly verb: Verb;
  readonly target: string;
  /** Of a worker's or container's life: what is asked about is then what is done to. */
  readonly ifIncarnation?: string | null;
  readonly forMs?: number;
}

export type Asking =
  | { readonly step: 'planning'; readonly wish: Wish }
  | { readonly step: 'asking'; readonly wish: Wish; readonly plan: OperationView }
  | { readonly step: 'under way'; readonly wish: Wish; readonly id: string }
  | { readonly step: 'refused'; readonly wish: Wish; readonly error: unknown };

interface OperationDocument {
  readonly item: OperationView;
}

const LOOK_EVERY_MS = 1_000;

export const asking = signal<Asking | null>(null);

/** A dry run: the same planner as the deed, and nothing is done. */
export async function ask(wish: Wish): Promise<void> {
  asking.value = { step: 'planning', wish };
  try {
    const { item } = await post<OperationDocument>('api/v1/operations', { ...bodyOf(wish), dryRun: true });
    goOn({ step: 'asking', wish, plan: item });
  } catch (error) {
    goOn({ step: 'refused', wish, error });
  }
}

/** After a wait: its question may be closed by now, and another one stand in its place. */
function goOn(next: Asking): void {
  if (asking.value?.wish === next.wish) asking.value = next;
}

export async function answerYes(wish: Wish, reason: string): Promise<void> {
  try {
    const why = reason.trim() === '' ? null : reason.trim();
    const { item } = await post<OperationDocument>('api/v1/operations', { ...bodyOf(wish), reason: why });
    takeOperation(item);
    goOn({ step: 'under way', wish, id: item.id });
    void followToItsEnd(item.id);
  } catch (error) {
    goOn({ step: 'refused', wish, error });
  }
}

export function stopAsking(): void {
  asking.value = null;
}

/** The stream tells of it, too; this one comes also where there is no stream. */
async function followToItsEnd(id: string): Promise<void> {
  while (asking.value?.step === 'under way' && asking.value.id === id) {
    if (operations.value.get(id)?.state !== 'running') return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    try {
      const { item } = await get<OperationDocument>(apiPath('operations', id));
      takeOperation(item);
    } catch {
      // Asked again in a second; the page says elsewhere when nobody answers.
    }
  }
}

function bodyOf({ verb, target, ifIncarnation, forMs }: Wish): object {
  return {
    verb,
    target,
    ...(ifIncarnation === null || ifIncarnation === undefined ? {} : { ifIncarnation }),
    ...(forMs === undefined ? {} : { forMs }),
  };
}
