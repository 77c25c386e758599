/**
 * Remembers what is in maintenance, by whom and until when: it always ends by itself.
 * It stops nobody; reconciler/heal leaves alone what is in it.
 */
import { earliest, type Moment } from '../clock.ts';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import type { MaintenanceView } from './door.ts';
import type { Report } from './publisher.ts';

interface Entry extends MaintenanceView {
  readonly untilMs: number;
}

export class Maintenance {
  readonly #entries = new Map<string, Entry>();

  /** Replaces one of the same scope. */
  begin(
    { scope, actor, reason }: Pick<MaintenanceView, 'scope' | 'actor' | 'reason'>,
    forMs: number,
    at: Moment,
  ): void {
    const until = new Date(Date.parse(at.wall) + forMs).toISOString();
    this.#entries.set(scope, { scope, actor, reason, since: at.wall, until, untilMs: at.monoMs + forMs });
  }

  /** What a person began before this supervisor was started; what is over by the clock is left out. */
  restore(kept: readonly MaintenanceView[], at: Moment): void {
    for (const view of kept) {
      const leftMs = Date.parse(view.until) - Date.parse(at.wall);
      if (leftMs > 0) this.#entries.set(view.scope, { ...view, untilMs: at.monoMs + leftMs });
    }
  }

  /** False when that scope is in none. */
  end(scope: string): boolean {
    return this.#entries.delete(scope);
  }

  /** Those that have ended by themselves since this was last asked. */
  takeOver(nowMs: number): readonly MaintenanceView[] {
    const over = [...this.#entries.values()].filter(({ untilMs }) => untilMs <= nowMs);
    for (const { scope } of over) this.#entries.delete(scope);
    return over.map(viewOf);
  }

  /** RFC 3339: the latest of all that it is in; null when it is in none. */
  untilOf({ name, project }: Pick<ContainerFacts, 'name' | 'project'>): string | null {
    if (this.#entries.size === 0) return null;
    const scopes = ['all', `container/${name}`, ...(project === null ? [] : [`project/${project}`])];
    const found = scopes.flatMap((scope) => this.#entries.get(scope) ?? []);
    return found.sort((one, other) => other.untilMs - one.untilMs)[0]?.until ?? null;
  }

  /** When the next one ends; null when there is none. */
  get nextEndMs(): number | null {
    return earliest([...this.#entries.values()].map(({ untilMs }) => untilMs));
  }

  views(): readonly MaintenanceView[] {
    return [...this.#entries.values()].map(viewOf);
  }
}

/** Tells of those that have ended by themselves; true when there were any. */
export function endMaintenances(maintenance: Maintenance, report: Report, nowMs: number): boolean {
  const over = maintenance.takeOver(nowMs);
  for (const { scope, until } of over) {
    const detail = `the maintenance of ${scope} has ended by itself, at ${until}`;
    report({ level: 'warn', event: 'maintenanceEnded', facts: { scope, detail } });
  }
  return over.length > 0;
}

function viewOf({ untilMs: _, ...view }: Entry): MaintenanceView {
  return view;
}
