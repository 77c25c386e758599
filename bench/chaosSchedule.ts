/**
 * Draws from a seed what happens when in a run of chaos: what people ask for, and which part is hurt how.
 * It is pure: the same seed and length give the same events, and nothing is done here.
 */
import { Dice } from './chaosDice.ts';

export const WORKERS = 3;
export const HOSTS = 3;
/** Accounts that people push and revoke, `chaos0` and so on. */
export const ACCOUNTS = 8;
/** Accounts that somebody else made on every host. */
export const FOREIGNERS = 3;

/** What people ask for; hosts, workers and accounts by number, from 0. */
export type Ask =
  | {
      readonly kind: 'push';
      readonly account: number;
      readonly hosts: readonly number[];
      readonly sudo: boolean;
      readonly tag?: number;
    }
  | {
      readonly kind: 'revoke';
      readonly account: number;
      readonly hosts: readonly number[];
      readonly tag?: number;
    }
  | { readonly kind: 'check'; readonly hosts: readonly number[] }
  | { readonly kind: 'pushForeign'; readonly foreigner: number; readonly hosts: readonly number[] }
  /** Of the pushes that were accepted so far, the one so many before the last. */
  | { readonly kind: 'cancel'; readonly back: number }
  | { readonly kind: 'retry'; readonly back: number }
  /** Cancels the push with this tag. */
  | { readonly kind: 'callOff'; readonly tag: number }
  | {
      readonly kind: 'operate';
      readonly verb: 'quiet' | 'stop' | 'start' | 'restart';
      readonly worker: number;
    };

/** What is hurt. */
export type Fault =
  | { readonly kind: 'killWorker'; readonly worker: number }
  | { readonly kind: 'stopWorker'; readonly worker: number; readonly forMs: number }
  /** Each of its lives ends at once. */
  | { readonly kind: 'crashLoop'; readonly worker: number; readonly forMs: number }
  /** It starts a process that calls itself an SSH server, and dies. */
  | { readonly kind: 'leaveLogin'; readonly worker: number }
  | { readonly kind: 'killSsh'; readonly pick: number }
  | { readonly kind: 'killSession'; readonly host: number; readonly pick: number }
  | { readonly kind: 'stopSshd'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'fillHost'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'cutLink'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'slowLink'; readonly host: number; readonly forMs: number; readonly delayMs: number }
  /**
   * Connections that are made in `forMs` get so many bytes through; the rest of what is sent over them arrives `lateMs` later,
   * whether or not anybody still waits for it.
   */
  | {
      readonly kind: 'holdLink';
      readonly host: number;
      readonly forMs: number;
      readonly afterBytes: number;
      readonly lateMs: number;
    }
  | { readonly kind: 'killRedis' }
  | { readonly kind: 'stopRedis'; readonly forMs: number }
  | { readonly kind: 'killSupervisor'; readonly downMs: number }
  | { readonly kind: 'stopSupervisor'; readonly forMs: number }
  /** Results cannot be written down; then the supervisor dies. */
  | { readonly kind: 'breakSpool'; readonly forMs: number; readonly downMs: number };

/** Of one that lasts. */
const LONGEST_MS = 4_000;

export type ChaosEvent = (Ask | Fault) & { readonly atMs: number };

export interface Schedule {
  /** Whether the run keeps connections to hosts open. */
  readonly keepsConnections: boolean;
  readonly events: readonly ChaosEvent[];
}

type Drawn = readonly ChaosEvent[];

/** Drawn so far beyond its end, so that a shorter run is the beginning of a longer one. */
const BEYOND_MS = 30_000;

export function schedule(seed: number, durationMs: number): Schedule {
  const untilMs = durationMs + BEYOND_MS;
  const overtaking = drawOvertaking(new Dice(seed, 0), untilMs);
  const calm = overtaking.flatMap((event) => (event.kind === 'holdLink' ? [calmAround(event)] : []));
  const events = [
    ...overtaking,
    ...drawAsks(new Dice(seed, 1), untilMs),
    ...drawFaults(new Dice(seed, 2), untilMs).filter((event) => !calm.some((around) => around.spares(event))),
    ...drawCrashLoops(new Dice(seed, 3), untilMs),
    ...drawLogins(new Dice(seed, 4), untilMs),
    ...drawSpool(new Dice(seed, 5), untilMs, calm),
  ];
  return {
    keepsConnections: new Dice(seed, 6).chance(0.4),
    events: events.filter(({ atMs }) => atMs < durationMs).toSorted((one, other) => one.atMs - other.atMs),
  };
}

interface Calm {
  readonly fromMs: number;
  readonly toMs: number;
  spares(event: ChaosEvent): boolean;
}

/** An order that is overtaken takes seconds to be so: meanwhile the supervisor and that host's ways are let be. */
function calmAround({ atMs, host, lateMs }: Extract<ChaosEvent, { kind: 'holdLink' }>): Calm {
  const [fromMs, toMs] = [atMs - 1_500, atMs + 4_500];
  return {
    fromMs,
    toMs,
    spares: (event) => {
      if (event.atMs < fromMs - LONGEST_MS || event.atMs > toMs + lateMs) return false;
      if (event.kind === 'killSupervisor' || event.kind === 'stopSupervisor' || event.kind === 'stopRedis')
        return event.atMs < toMs;
      const isOfHost = 'host' in event && event.host === host;
      return isOfHost && event.kind !== 'slowLink';
    },
  };
}

function drawAsks(dice: Dice, untilMs: number): Drawn {
  const events: ChaosEvent[] = [];
  for (let atMs = 100; atMs < untilMs; atMs += dice.between(150, 600)) {
    const ask = drawAsk(dice);
    events.push({ ...ask, atMs });
    // Nobody leaves a worker standing for good.
    if (ask.kind === 'operate' && ask.verb !== 'restart')
      events.push({ ...ask, verb: 'start', atMs: atMs + dice.between(1_000, 4_000) });
  }
  return events;
}

function drawAsk(dice: Dice): Exclude<Ask, { kind: 'callOff' }> {
  const account = dice.between(0, ACCOUNTS - 1);
  const hosts = dice.some(HOSTS, 0.3);
  const kind = dice.pick<Exclude<Ask['kind'], 'callOff'>>([
    [50, 'push'],
    [18, 'revoke'],
    [6, 'check'],
    [6, 'pushForeign'],
    [8, 'cancel'],
    [8, 'retry'],
    [4, 'operate'],
  ]);
  switch (kind) {
    case 'push':
      return { kind, account, hosts, sudo: dice.chance(0.3) };
    case 'revoke':
      return { kind, account, hosts };
    case 'check':
      return { kind, hosts };
    case 'pushForeign':
      return { kind, foreigner: dice.between(0, FOREIGNERS - 1), hosts };
    case 'cancel':
    case 'retry':
      return { kind, back: dice.between(0, 5) };
    case 'operate': {
      const verb = dice.pick<'quiet' | 'stop' | 'restart'>([
        [1, 'quiet'],
        [1, 'stop'],
        [2, 'restart'],
      ]);
      return { kind, verb, worker: dice.between(0, WORKERS - 1) };
    }
  }
}

function drawFaults(dice: Dice, untilMs: number): Drawn {
  const events: ChaosEvent[] = [];
  for (let atMs = 1_500; atMs < untilMs; atMs += dice.between(300, 1_500))
    events.push({ ...drawFault(dice), atMs });
  return events;
}

const WEIGHTS: readonly (readonly [
  number,
  Exclude<Fault['kind'], 'crashLoop' | 'leaveLogin' | 'holdLink' | 'breakSpool'>,
])[] = [
  [16, 'killWorker'],
  [8, 'stopWorker'],
  [18, 'killSsh'],
  [14, 'killSession'],
  [6, 'stopSshd'],
  [6, 'fillHost'],
  [7, 'cutLink'],
  [7, 'slowLink'],
  [7, 'killRedis'],
  [5, 'stopRedis'],
  [6, 'killSupervisor'],
  [6, 'stopSupervisor'],
];

function drawFault(dice: Dice): Fault {
  const kind = dice.pick(WEIGHTS);
  const forMs = dice.between(500, 4_000);
  const host = dice.between(0, HOSTS - 1);
  const worker = dice.between(0, WORKERS - 1);
  const pick = dice.between(0, 99);
  switch (kind) {
    case 'killWorker':
      return { kind, worker };
    case 'stopWorker':
      return { kind, worker, forMs: forMs * 2 };
    case 'killSsh':
      return { kind, pick };
    case 'killSession':
      return { kind, host, pick };
    case 'stopSshd':
    case 'fillHost':
    case 'cutLink':
      return { kind, host, forMs };
    case 'slowLink':
      return { kind, host, forMs, delayMs: dice.between(20, 400) };
    case 'killRedis':
      return { kind };
    case 'stopRedis':
    case 'stopSupervisor':
      return { kind, forMs };
    case 'killSupervisor':
      return { kind, downMs: Math.round(forMs / 4) };
  }
}

/** What is on its way is held up, its push is called off, and the host gets newer orders before it arrives. */
function drawOvertaking(dice: Dice, untilMs: number): Drawn {
  const events: ChaosEvent[] = [];
  for (let atMs = dice.between(2_000, 4_000); atMs < untilMs; atMs += dice.between(10_000, 15_000)) {
    const host = dice.between(0, HOSTS - 1);
    const account = dice.between(0, ACCOUNTS - 1);
    const [held, newer] = dice.chance(0.5) ? (['push', 'revoke'] as const) : (['revoke', 'push'] as const);
    const calledOffAtMs = atMs + dice.between(1_700, 2_600);
    const of = (kind: 'push' | 'revoke', more: { readonly tag?: number }): Ask =>
      kind === 'push'
        ? { kind, account, hosts: [host], sudo: false, ...more }
        : { kind, account, hosts: [host], ...more };
    events.push(
      {
        kind: 'holdLink',
        host,
        forMs: calledOffAtMs - atMs - 100,
        afterBytes: dice.between(5_000, 12_000),
        lateMs: dice.between(5_000, 8_000),
        atMs,
      },
      { ...of(held, { tag: atMs }), atMs: atMs + 50 },
      { kind: 'callOff', tag: atMs, atMs: calledOffAtMs },
      { ...of(newer, {}), atMs: calledOffAtMs + 400 },
    );
  }
  return events;
}

function drawCrashLoops(dice: Dice, untilMs: number): Drawn {
  const events: ChaosEvent[] = [];
  for (let atMs = dice.between(4_000, 8_000); atMs < untilMs; atMs += dice.between(20_000, 30_000))
    events.push({
      kind: 'crashLoop',
      worker: dice.between(0, WORKERS - 1),
      forMs: dice.between(4_000, 6_000),
      atMs,
    });
  return events;
}

function drawLogins(dice: Dice, untilMs: number): Drawn {
  const events: ChaosEvent[] = [];
  for (let atMs = dice.between(2_000, 5_000); atMs < untilMs; atMs += dice.between(12_000, 20_000))
    events.push({ kind: 'leaveLogin', worker: dice.between(0, WORKERS - 1), atMs });
  return events;
}

/** While results cannot be written, something is called off; whoever was told that it is must be right. */
function drawSpool(dice: Dice, untilMs: number, calm: readonly Calm[]): Drawn {
  const events: ChaosEvent[] = [];
  for (
    let drawnMs = dice.between(8_000, 14_000);
    drawnMs < untilMs;
    drawnMs += dice.between(20_000, 30_000)
  ) {
    const around = calm.find(({ fromMs, toMs }) => drawnMs > fromMs - 2 * LONGEST_MS && drawnMs < toMs);
    const atMs = around === undefined ? drawnMs : around.toMs;
    const account = dice.between(0, ACCOUNTS - 1);
    const hosts = Array.from({ length: HOSTS }, (_, index) => index);
    events.push(
      { kind: 'breakSpool', forMs: dice.between(1_500, 3_000), downMs: dice.between(100, 800), atMs },
      { kind: 'push', account, hosts, sudo: false, atMs: atMs + 100 },
      { kind: 'push', account, hosts, sudo: true, tag: atMs, atMs: atMs + 200 },
      { kind: 'callOff', tag: atMs, atMs: atMs + 300 },
    );
  }
  return events;
}
