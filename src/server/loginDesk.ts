/**
 * Decides over a sign-in by name and password: the limit of its source, the lock, the password; and remembers what was tried.
 * It never works longer on a name that exists than on one that doesn't, and never locks one that doesn't.
 */
import { forget, liveRow, locksOf, takeTry, type Ledger, type LockRules } from '../detector/loginLock.ts';
import { nearestName } from '../detector/nearestName.ts';
import type { Door } from '../supervisor/door.ts';
import { sourceOf, type Client } from './clientAddress.ts';
import type { LoginFailures, LoginKind } from './loginFailures.ts';
import type { Passwords, Standing } from './password.ts';
import { createRateLimit } from './rateLimit.ts';
import type { Sessions } from './session.ts';
import { createUnknownNames, type UnknownName } from './unknownNames.ts';
import type { UserStore } from './userStore.ts';

/** Why somebody was not let in: for the administrator, and for whom it may be explained to. */
export type Refusal =
  /** `nearest` is looked for when it is told: the time that takes would tell a stranger that there is no such account. */
  | { readonly why: 'unknown'; readonly nearest: () => string | null }
  | { readonly why: 'wrong'; readonly triesLeft: number }
  | { readonly why: 'locked'; readonly until: string };

export type SignIn =
  | { readonly outcome: 'in'; readonly session: string }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  /** Nothing was looked at; `afterMs`: when it will be. `crowd`: not for what its source did, but for everybody's tries. */
  | { readonly outcome: 'wait'; readonly because: 'source' | 'crowd'; readonly afterMs: number };

/** Of a password alone. */
export type Checked =
  { readonly outcome: 'right'; readonly name: string } | Exclude<SignIn, { readonly outcome: 'in' }>;

export interface LockView {
  readonly account: string;
  /** An address, or the /64 of an IPv6 one. */
  readonly source: string;
  readonly tries: number;
  /** RFC 3339. */
  readonly until: string;
}

export interface LoginsView {
  readonly locks: readonly LockView[];
  readonly unknownNames: readonly UnknownName[];
  /** Tries with what could be no account's name; the texts are not kept. */
  readonly impossibleNames: number;
}

export interface DeskNeeds {
  readonly users: UserStore;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly failures: LoginFailures;
  readonly door: Pick<Door, 'note'>;
  readonly rules: LockRules;
  /** Rows from before a restart. */
  readonly earlier: Ledger;
  /** Told of the rows whenever one has changed. */
  readonly keep: (ledger: Ledger) => void;
  /** Monotonic. */
  readonly clock: () => number;
  /** The wall's time so many milliseconds from now. */
  readonly wallIn: (ms: number) => string;
}

export interface Tried {
  readonly name: string;
  readonly password: string;
  readonly client: Client;
}

/** From one source. Enough for an office behind one address, too few for guessing. */
const RATE = { atOnce: 10, oneEachMs: 3_000 };
const FULL_AGAIN_AFTER_MS = 2_000;
const MOST_KNOWN_SOURCES = 1024;
const MOST_TURNED_AWAY = 4096;

export class LoginDesk {
  readonly #needs: DeskNeeds;
  readonly #limit;
  readonly #unknown = createUnknownNames();
  /** Where somebody signed in from with the right password, the latest last: served before strangers, and no more than that. */
  readonly #known = new Set<string>();
  /** Turned away because all were waiting, and when first; a flood that never comes back pushes out its own. */
  readonly #turnedAway = new Map<string, number>();
  #ledger: Ledger;

  constructor(needs: DeskNeeds) {
    this.#needs = needs;
    this.#ledger = needs.earlier;
    this.#limit = createRateLimit(RATE, needs.clock);
  }

  async signIn(tried: Tried): Promise<SignIn> {
    const checked = await this.check(tried);
    return checked.outcome === 'right' ? this.#letIn(checked.name, tried.client) : checked;
  }

  /** Under the same limit and the same lock as a sign-in, and opens no session. */
  async check({ name: typed, password, client }: Tried): Promise<Checked> {
    const { users, passwords, failures, rules, clock } = this.#needs;
    const name = typed.trim().toLowerCase();
    const source = sourceOf(client.address);
    const standing = this.#standingOf(source);
    const wait = this.#waitOf(source, standing);
    if (wait !== null) {
      failures.note('tooMany');
      return wait;
    }
    const stored = users.hashOf(name);
    const tried = { account: name, exists: stored !== null, source, atMs: clock() };
    const { ledger, verdict } = takeTry(this.#ledger, tried, rules);
    this.#change(ledger);
    const isRight = await passwords.isRight({
      ...{ password, standing },
      stored: verdict === 'open' ? stored : null,
    });
    // The account may have been removed, or given another password, meanwhile.
    if (isRight && users.hashOf(name) === stored) {
      this.#change(forget(this.#ledger, name, source));
      this.#know(source);
      return { outcome: 'right', name };
    }
    const refusal = this.#refusalOf({ ...tried, atMs: clock() }, verdict);
    failures.note(KIND_OF[refusal.why]);
    // After the answer, so that its time tells nothing. A lock is told once, of the try that began it.
    const isNewLock = refusal.why === 'locked' && verdict === 'open';
    setImmediate(() => {
      this.#remember(refusal, { name, client, isNewLock });
    });
    return { outcome: 'refused', refusal };
  }

  /** Resolves to how many locks it took away. */
  unlock(account: string, address: string | null): number {
    const before = this.#locks().length;
    const source = address === null ? null : sourceOf(address.replace(/\/64$/, ''));
    this.#change(forget(this.#ledger, account, source));
    return before - this.#locks().length;
  }

  /** Whoever is called so from now on, or no longer, has tried nothing. */
  nameChanged(name: string): void {
    this.#change(forget(this.#ledger, name));
    this.#unknown.drop(name);
  }

  view(): LoginsView {
    return {
      locks: this.#locks(),
      unknownNames: this.#unknown.list(this.#needs.users.names()),
      impossibleNames: this.#unknown.impossible(),
    };
  }

  #standingOf(source: string): Standing {
    if (this.#known.has(source)) return 'known';
    const turnedAwayAtMs = this.#turnedAway.get(source) ?? Infinity;
    return this.#needs.clock() - turnedAwayAtMs >= FULL_AGAIN_AFTER_MS ? 'returning' : 'stranger';
  }

  /** What is turned away because all are waiting costs its source nothing: it is not at fault. */
  #waitOf(source: string, standing: Standing): Extract<SignIn, { readonly outcome: 'wait' }> | null {
    if (this.#needs.passwords.isFull(standing)) {
      if (!this.#turnedAway.has(source)) this.#turnedAway.set(source, this.#needs.clock());
      const [longestAgo = ''] = this.#turnedAway.keys();
      if (this.#turnedAway.size > MOST_TURNED_AWAY) this.#turnedAway.delete(longestAgo);
      return { outcome: 'wait', because: 'crowd', afterMs: FULL_AGAIN_AFTER_MS };
    }
    this.#turnedAway.delete(source);
    const afterMs = this.#limit.take(source);
    return afterMs > 0 ? { outcome: 'wait', because: 'source', afterMs } : null;
  }

  #change(ledger: Ledger): void {
    if (ledger === this.#ledger) return;
    this.#ledger = ledger;
    this.#needs.keep(ledger);
  }

  #locks(): readonly LockView[] {
    const { clock, wallIn } = this.#needs;
    const nowMs = clock();
    return locksOf(this.#ledger, nowMs).map(({ untilMs, ...lock }) => ({
      ...lock,
      until: wallIn(untilMs - nowMs),
    }));
  }

  #know(source: string): void {
    this.#known.delete(source);
    this.#known.add(source);
    const [longestAgo = ''] = this.#known;
    if (this.#known.size > MOST_KNOWN_SOURCES) this.#known.delete(longestAgo);
  }

  #letIn(name: string, client: Client): SignIn {
    this.#needs.door.note({ event: 'signIn', actor: `user:${name}`, from: client.address });
    return { outcome: 'in', session: this.#needs.sessions.openFor(name) };
  }

  #refusalOf(
    tried: {
      readonly account: string;
      readonly exists: boolean;
      readonly source: string;
      readonly atMs: number;
    },
    verdict: 'open' | 'locked',
  ): Refusal {
    const { users, rules, wallIn } = this.#needs;
    if (!tried.exists) return { why: 'unknown', nearest: () => nearestName(tried.account, users.names()) };
    const row = liveRow(this.#ledger, tried, rules);
    const leftMs = (row?.untilMs ?? 0) - tried.atMs;
    if (verdict === 'locked' || leftMs > 0) return { why: 'locked', until: wallIn(Math.max(0, leftMs)) };
    return { why: 'wrong', triesLeft: rules.tries - (row?.tries ?? 0) };
  }

  #remember(
    refusal: Refusal,
    { name, client, isNewLock }: { name: string; client: Client; isNewLock: boolean },
  ): void {
    const { door, wallIn } = this.#needs;
    const { address } = client;
    if (refusal.why === 'unknown') this.#unknown.note({ name, address, at: wallIn(0) });
    else if (refusal.why === 'locked' && isNewLock)
      door.note({ event: 'loginLocked', account: name, from: address, until: refusal.until });
  }
}

const KIND_OF: Readonly<Record<Refusal['why'], LoginKind>> = {
  unknown: 'unknownName',
  wrong: 'password',
  locked: 'locked',
};
