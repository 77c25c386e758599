/**
 * Remembers who keeps the queue and what the other supervisors of it last said of themselves, each by this machine's clock.
 * It never says of another that it is down, and never writes a status for it.
 */
import { earliest, type Moment } from '../clock.ts';
import type { Awareness } from '../detector/awareness.ts';
import { hearingOf, type Presence } from '../detector/memberPresence.ts';
import type { MemberNews, MemberWorker } from '../push/fleetMessage.ts';
import { nameHere, type MemberLife } from './holders.ts';

export interface MemberView {
  readonly name: string;
  /** Its home folder and machine. */
  readonly where: string;
  readonly version: string;
  readonly keepsQueue: boolean;
  /** `silent`: there is no news of it, which is all that is known. */
  readonly presence: Presence;
  /** RFC 3339, by this machine's clock: when it was last heard. */
  readonly heardAt: string;
  /** A sentence: what it says, or since when it says nothing and what it said last. */
  readonly detail: string;
  /** As it last judged them itself. */
  readonly workers: readonly MemberWorker[];
}

export interface FleetView {
  /** This supervisor's own name. */
  readonly self: string;
  readonly seat: 'keepsQueue' | 'standsBy' | 'unknown';
  /** RFC 3339: since when it has this seat. */
  readonly since: string;
  /** A sentence: who keeps the queue. */
  readonly detail: string;
  /** The others. */
  readonly members: readonly MemberView[];
}

export type Seat =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'keepsQueue'; readonly epoch: number }
  | { readonly kind: 'standsBy'; readonly leadId: string; readonly where: string };

interface Known {
  readonly news: MemberNews;
  readonly heardAt: Moment;
  /** Its lease ended, and what it held was given up. */
  readonly isGone: boolean;
}

export class FleetBoard {
  readonly #self: { readonly name: string; readonly homeId: string };
  readonly #members = new Map<string, Known>();
  #seat: Seat = { kind: 'unknown' };
  #seatSince: Moment;

  constructor(self: { readonly name: string; readonly homeId: string }, at: Moment) {
    this.#self = self;
    this.#seatSince = at;
  }

  get seat(): Seat {
    return this.#seat;
  }

  /** No other does, as far as is known. */
  get keepsQueue(): boolean {
    return this.#seat.kind !== 'standsBy';
  }

  /** May our workers take jobs? Who keeps the queue must have been heard: one that knows of no others grants them nothing. */
  get mayTake(): boolean {
    return this.#seat.kind !== 'standsBy' || this.#members.has(this.#seat.leadId);
  }

  /** Where another keeps the queue: a sentence about it, and whether our workers may take from it; null where we do. */
  get keeper(): { readonly sentence: string; readonly mayTake: boolean } | null {
    return this.keepsQueue ? null : { sentence: this.sentence(), mayTake: this.mayTake };
  }

  /** As who keeps the queue last said; null where that is us, or nobody that was heard. */
  get queueOfLead(): { readonly waiting: number; readonly running: number } | null {
    const lead = this.leadId === null ? undefined : this.#members.get(this.leadId)?.news;
    return lead === undefined ? null : { waiting: lead.waiting, running: lead.running };
  }

  /** In which we keep the queue; null while we do not. */
  get epoch(): number | null {
    return this.#seat.kind === 'keepsQueue' ? this.#seat.epoch : null;
  }

  /** Home id of who keeps the queue, where that is another. */
  get leadId(): string | null {
    return this.#seat.kind === 'standsBy' ? this.#seat.leadId : null;
  }

  take(seat: Seat, at: Moment): void {
    const isSame = seat.kind === this.#seat.kind && leadOf(seat) === leadOf(this.#seat);
    if (!isSame) this.#seatSince = at;
    this.#seat = seat;
  }

  /**
   * Returns the lives whose workers have ended for certain: another life of the same home began, or it took its leave.
   * That there is no news of one proves nothing: Redis may have lost it.
   */
  note(all: readonly MemberNews[], at: Moment): MemberLife[] {
    const ended: MemberLife[] = [];
    for (const news of all) {
      const { homeId, life, seq } = news;
      if (homeId === this.#self.homeId) continue;
      const before = this.#members.get(homeId);
      const isSameLife = before?.news.life === life;
      if (isSameLife && before.news.seq === seq) continue;
      const hasEnded = before !== undefined && (!isSameLife || news.state === 'gone');
      if (hasEnded && !before.isGone) ended.push({ homeId, life: before.news.life });
      if (news.state === 'gone') this.#members.delete(homeId);
      else this.#members.set(homeId, { news, heardAt: at, isGone: false });
    }
    return ended;
  }

  /** A worker of another as it is named here; null for one of nobody that is known in this life. */
  speaker({ homeId, life }: MemberLife, worker: string): string | null {
    const known = this.#members.get(homeId);
    return known?.news.life === life && !known.isGone ? nameHere(known.news.name, worker) : null;
  }

  /** Home id of the supervisor of this name; null where there is none. */
  memberNamed(name: string): string | null {
    return [...this.#members].find(([, { news }]) => news.name === name)?.[0] ?? null;
  }

  nameOf(homeId: string): string {
    return this.#members.get(homeId)?.news.name ?? 'the supervisor that keeps the queue';
  }

  /** Of the workers of all others that are heard. */
  slots(at: Moment, awareness: Awareness): number {
    const heard = [...this.#members.values()].filter((known) => isHeard(known, at, awareness));
    return heard.reduce((sum, { news }) => sum + news.slots, 0);
  }

  /** Whom a new entry on the queue concerns. */
  heard(at: Moment, awareness: Awareness): string[] {
    return [...this.#members].filter(([, known]) => isHeard(known, at, awareness)).map(([homeId]) => homeId);
  }

  /** Gives up the leases that have ended, each once. */
  decide(at: Moment, awareness: Awareness): { gone: MemberLife[]; recheckAtMs: number | null } {
    const gone: MemberLife[] = [];
    const times: (number | null)[] = [];
    for (const [homeId, known] of this.#members) {
      const { isLeaseOver, recheckAtMs } = hearingOf(known.heardAt.monoMs, at.monoMs, awareness);
      times.push(recheckAtMs);
      if (!isLeaseOver || known.isGone) continue;
      this.#members.set(homeId, { ...known, isGone: true });
      gone.push({ homeId, life: known.news.life });
    }
    return { gone, recheckAtMs: earliest(times) };
  }

  view(at: Moment, awareness: Awareness): FleetView {
    const members = [...this.#members.values()].sort((a, b) => (a.news.name < b.news.name ? -1 : 1));
    return {
      self: this.#self.name,
      seat: this.#seat.kind,
      since: this.#seatSince.wall,
      detail: this.sentence() + this.#sameName(),
      members: members.map((known) => this.#viewOf(known, at, awareness)),
    };
  }

  /** Who keeps the queue. */
  sentence(): string {
    const since = this.#seatSince.wall;
    switch (this.#seat.kind) {
      case 'unknown':
        return `It is not known yet who keeps the queue (since ${since}).`;
      case 'keepsQueue':
        return `This supervisor keeps the queue since ${since} (epoch ${String(this.#seat.epoch)}).`;
      case 'standsBy':
        if (!this.mayTake)
          return `${this.#seat.where} keeps the queue since before ${since} and is not heard: nothing is taken here until it is. If it stays so, set redis.shared: true there, too.`;
        return `${this.#members.get(this.#seat.leadId)?.news.name ?? this.#seat.where} keeps the queue; this supervisor stands by since ${since}, and its workers take jobs.`;
    }
  }

  #sameName(): string {
    const same = [...this.#members.values()].find(({ news }) => news.name === this.#self.name);
    if (same === undefined) return '';
    return ` ${same.news.where} has the name ${this.#self.name}, too: give each supervisor a host: of its own.`;
  }

  #viewOf({ news, heardAt }: Known, at: Moment, awareness: Awareness): MemberView {
    const { presence } = hearingOf(heardAt.monoMs, at.monoMs, awareness);
    const said = `last known: ${news.detail}`;
    return {
      name: news.name,
      where: news.where,
      version: news.version,
      keepsQueue: this.leadId === news.homeId,
      presence,
      heardAt: heardAt.wall,
      detail: presence === 'heard' ? news.detail : `no news since ${heardAt.wall}; ${said}`,
      workers: news.workers,
    };
  }
}

function isHeard({ heardAt, isGone }: Known, at: Moment, awareness: Awareness): boolean {
  return !isGone && hearingOf(heardAt.monoMs, at.monoMs, awareness).presence === 'heard';
}

function leadOf(seat: Seat): string {
  return seat.kind === 'standsBy' ? seat.leadId : '';
}
