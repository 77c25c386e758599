/**
 * Says who is locked out: tries are counted for each account that exists and each source they come from, together and for nobody else.
 * It never locks a name that is no account, and a try during a lock changes nothing of it.
 */

export interface LockRules {
  /** So many wrong tries in a row begin a lock. */
  readonly tries: number;
  /** A lock ends by itself after so long, and as long after its last wrong try a shorter row is forgotten. */
  readonly lockMs: number;
}

/** One row of wrong tries. */
export interface Row {
  readonly account: string;
  readonly source: string;
  readonly tries: number;
  readonly lastAtMs: number;
  /** null while it is not locked. */
  readonly untilMs: number | null;
}

export interface Lock {
  readonly account: string;
  readonly source: string;
  readonly tries: number;
  readonly untilMs: number;
}

export type Ledger = ReadonlyMap<string, Row>;

export interface Try {
  readonly account: string;
  /** Does the account exist? */
  readonly exists: boolean;
  readonly source: string;
  readonly atMs: number;
}

export function ledgerOf(rows: readonly Row[]): Ledger {
  return new Map(rows.map((row) => [keyOf(row.account, row.source), row]));
}

/** Rows beyond these: the oldest that is no lock goes first, then the lock that ends soonest. */
const MOST_ROWS = 1024;

/**
 * Counts a try before its password is looked at, so that many at once cannot pass for one; a right password takes the row away again.
 * `locked`: the password must not decide anything.
 */
export function takeTry(
  ledger: Ledger,
  tried: Try,
  rules: LockRules,
): { readonly ledger: Ledger; readonly verdict: 'open' | 'locked' } {
  if (!tried.exists) return { ledger, verdict: 'open' };
  const { account, source, atMs } = tried;
  const before = liveRow(ledger, tried, rules);
  if (before !== null && before.untilMs !== null) return { ledger, verdict: 'locked' };
  const tries = (before?.tries ?? 0) + 1;
  const untilMs = tries >= rules.tries ? atMs + rules.lockMs : null;
  const after = new Map(ledger);
  after.delete(keyOf(account, source));
  after.set(keyOf(account, source), { account, source, tries, lastAtMs: atMs, untilMs });
  return { ledger: shortened(after, atMs), verdict: 'open' };
}

/** The row that counts at that time; null when there is none, or it is over. */
export function liveRow(
  ledger: Ledger,
  { account, source, atMs }: Pick<Try, 'account' | 'source' | 'atMs'>,
  { lockMs }: LockRules,
): Row | null {
  const row = ledger.get(keyOf(account, source));
  if (row === undefined) return null;
  const overAtMs = row.untilMs ?? row.lastAtMs + lockMs;
  return atMs < overAtMs ? row : null;
}

/** Of one source, or of all: what a right password, an unlock, and a new owner of the name do. */
export function forget(ledger: Ledger, account: string, source: string | null = null): Ledger {
  const rest = [...ledger].filter(
    ([, row]) => row.account !== account || (source !== null && row.source !== source),
  );
  return rest.length === ledger.size ? ledger : new Map(rest);
}

/** The one that ends soonest first. */
export function locksOf(ledger: Ledger, nowMs: number): readonly Lock[] {
  return [...ledger.values()]
    .flatMap(({ account, source, tries, untilMs }) =>
      untilMs === null || untilMs <= nowMs ? [] : [{ account, source, tries, untilMs }],
    )
    .sort((a, b) => a.untilMs - b.untilMs);
}

function shortened(rows: Map<string, Row>, nowMs: number): Ledger {
  if (rows.size <= MOST_ROWS) return rows;
  const [first] = [...rows].sort(([, a], [, b]) => worth(a, nowMs) - worth(b, nowMs));
  if (first !== undefined) rows.delete(first[0]);
  return rows;
}

/** Locks outlive everything else, so that nobody is let in by a flood from elsewhere. */
function worth({ lastAtMs, untilMs }: Row, nowMs: number): number {
  return untilMs !== null && untilMs > nowMs ? untilMs - nowMs : lastAtMs - nowMs - 1;
}

/** No account's name has a space. */
function keyOf(account: string, source: string): string {
  return `${account} ${source}`;
}
