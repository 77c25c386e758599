/**
 * Judges a run of chaos once the faults have stopped: every job against what people were told and against what the hosts themselves remember.
 * It reads; only what is asked of the people again, so that doubt is settled, goes through them.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { JobView } from '../src/supervisor/door.ts';
import { isFinal, isLook } from '../src/push/job.ts';
import { delayWithoutJitterMs, RESTART_POLICY } from '../src/reconciler/restart.ts';
import { inWords, type ChaosLedger, type Kill } from './chaosLedger.ts';
import type { ChaosHost, ChaosStage } from './chaosStage.ts';
import type { Sample } from './chaosWatch.ts';
import { medianOf } from './benchmark.ts';

/** What an end may say that is no success, since what was done here explains it. */
const EXPLAINED: readonly string[] = [
  ...[
    'ConnectRefused',
    'ConnectTimedOut',
    'ConnectionClosed',
    'ConnectionLost',
    'HostUnreachable',
    'SshFailed',
  ],
  ...['IdleTimedOut', 'TotalTimedOut', 'HostDeadlinePassed', 'HostBusy', 'ScriptEnded', 'RequestIncomplete'],
  ...[
    'StateNotWritten',
    'HostDiskFull',
    'RecordNotKept',
    'KeysNotWritten',
    'KeysNotRemoved',
    'AccountNotCreated',
  ],
  ...['AccountNotChanged', 'AccountNotLocked', 'AccountNotUnlocked', 'SudoNotWritten', 'GroupsNotChanged'],
  ...['Cancelled', 'WorkerDiedTooOften'],
];

export interface Effect {
  readonly jobId: string;
  readonly epoch: number;
  readonly counter: number;
  readonly kind: string;
  readonly account: string;
}

/** The lines of the host's own journal. */
export function effectsOn(host: ChaosHost): readonly Effect[] {
  const file = `${host.filesAt}/var/lib/garrison/journal`;
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter(Boolean).map((line) => {
    const [, jobId = '', , epoch, counter] = line.split(' ');
    const word = (name: string): string => new RegExp(` ${name}=(\\S+)`).exec(line)?.[1] ?? '';
    return {
      jobId,
      epoch: Number(epoch),
      counter: Number(counter),
      kind: word('kind'),
      account: word('account'),
    };
  });
}

export function judgeJobs(jobs: readonly JobView[], ledger: ChaosLedger): void {
  const known = new Map(jobs.map((job) => [job.id, job]));
  for (const push of ledger.accepted) {
    for (const jobId of push.jobIds) {
      const job = known.get(jobId);
      if (job === undefined)
        ledger.violate('noJobLost', `job ${jobId} of ${push.id} was accepted and is not there`);
      else if (!isFinal(job.state))
        ledger.violate(
          'noJobLost',
          `job ${jobId} on ${job.host} is ${job.state} for ever (${job.waitingFor ?? job.stage ?? ''})`,
        );
    }
  }
  for (const job of jobs) {
    ledger.see(job);
    judgeReason(job, ledger);
  }
}

/** Of any that has ended: whether it says why. */
export function judgeReason(job: JobView, ledger: ChaosLedger): void {
  const { id, host, state, account, result } = job;
  if (!isFinal(state)) return;
  const reason = result?.reason ?? '';
  const told = `${id} (${job.kind} ${account?.name ?? ''} on ${host}): ${state} ${result?.outcome ?? ''} ${reason} ${result?.detail ?? ''}`;
  if (account?.name.startsWith('foreign') === true) {
    if (state === 'done')
      ledger.violate('foreignUntouched', `somebody else's account was taken for ours: ${told}`);
    else if (reason !== 'AccountForeign' && !EXPLAINED.includes(reason)) ledger.violate('endExplained', told);
  } else if (state !== 'done' && !EXPLAINED.includes(reason)) ledger.violate('endExplained', told);
}

/** Never two effects of one job, and none of an order that a newer one has overtaken. */
export function judgeEffects(
  hosts: readonly ChaosHost[],
  jobs: readonly JobView[],
  ledger: ChaosLedger,
): void {
  for (const host of hosts) {
    const effects = effectsOn(host);
    const counts = new Map<string, number>();
    let last = { epoch: 0, counter: 0, jobId: '' };
    for (const effect of effects) {
      counts.set(effect.jobId, (counts.get(effect.jobId) ?? 0) + 1);
      const isOlder =
        effect.epoch < last.epoch || (effect.epoch === last.epoch && effect.counter < last.counter);
      if (isOlder)
        ledger.violate(
          'newestOrder',
          `${host.name} did ${effect.jobId} (order ${String(effect.counter)}) after ${last.jobId} (order ${String(last.counter)})`,
        );
      last = effect;
    }
    for (const [jobId, count] of counts)
      if (count > 1) ledger.violate('oneEffect', `${jobId} has ${String(count)} effects on ${host.name}`);
    for (const job of jobs) {
      if (job.host !== host.name || isLook(job.kind) || job.result?.outcome !== 'changed') continue;
      if (!counts.has(job.id))
        ledger.violate('oneEffect', `${job.id} is told as changed, and ${host.name} knows of no effect`);
    }
  }
}

/** Who is told that nothing was changed finds nothing changed: what may have been is `unknown`. */
export function judgeDenied(
  hosts: readonly ChaosHost[],
  jobs: readonly JobView[],
  ledger: ChaosLedger,
): void {
  for (const host of hosts) {
    const done = new Set(effectsOn(host).map(({ jobId }) => jobId));
    for (const job of jobs) {
      const outcome = job.result?.outcome;
      // A later attempt that did not get as far as the host's record says so of itself alone.
      if (job.lostAttempts > 0 && job.state !== 'cancelled') continue;
      if (job.host !== host.name || !done.has(job.id) || (outcome !== 'failed' && outcome !== 'conflict'))
        continue;
      ledger.violate(
        'truthTold',
        `${job.id} is told as ${job.state} ${outcome} ${job.result?.reason ?? ''} after ${String(job.attempt)} attempts (${String(job.lostAttempts)} lost), and ${host.name} has done it`,
      );
    }
  }
}

/** Where nothing is in doubt, an account is what the last effect on it says. */
export function judgeHosts(stage: ChaosStage, jobs: readonly JobView[], ledger: ChaosLedger): number {
  let looked = 0;
  for (const host of stage.hosts) {
    const last = new Map(effectsOn(host).map((effect) => [effect.account, effect]));
    for (const [account, effect] of last) {
      const about = jobs.filter((job) => job.host === host.name && job.account?.name === account);
      if (about.some(({ state }) => state !== 'done')) continue;
      looked += 1;
      const problem =
        effect.kind === 'revoke' ? usable(host, account) : unusable(host, account, stage.publicKey);
      if (problem !== null)
        ledger.violate(
          'hostAgrees',
          `${effect.jobId} (${effect.kind} ${account} on ${host.name}) is done, and ${problem}`,
        );
    }
  }
  return looked;
}

/** Why the account is not as a push leaves it; null when it is. */
export function unusable(host: ChaosHost, account: string, publicKey: string): string | null {
  const [, , , , comment = '', home = ''] = lineOf(host, 'passwd', account);
  if (!comment.includes('garrison-')) return 'there is no such account of ours';
  const [, secret = '', , , , , , expires = ''] = lineOf(host, 'shadow', account);
  if (secret.startsWith('!') || expires !== '') return `it is locked (${secret.slice(0, 1)}, ${expires})`;
  const keys = `${host.filesAt}${home}/.ssh/authorized_keys`;
  const blob = publicKey.split(' ')[1] ?? '';
  return existsSync(keys) && readFileSync(keys, 'utf8').includes(blob) ? null : 'its key is not there';
}

/** What still lets somebody in by a revoked account; null when nothing does. */
export function usable(host: ChaosHost, account: string): string | null {
  const [, , , , , home = ''] = lineOf(host, 'passwd', account);
  if (home === '') return null;
  const [, secret = '', , , , , , expires = ''] = lineOf(host, 'shadow', account);
  if (!secret.startsWith('!') || expires === '')
    return `it is not locked (${secret.slice(0, 1)}, ${expires})`;
  const keys = `${host.filesAt}${home}/.ssh/authorized_keys`;
  return existsSync(keys) && readFileSync(keys, 'utf8').includes('ssh-') ? 'its keys are still there' : null;
}

function lineOf(host: ChaosHost, table: string, account: string): readonly string[] {
  const lines = readFileSync(`${host.filesAt}/etc/${table}`, 'utf8').split('\n');
  return lines.find((line) => line.startsWith(`${account}:`))?.split(':') ?? [];
}

/** An order shortly before may have made the death one that was asked for, or have ended the wait. */
const ORDER_COUNTS_TICKS = 2_000;
const SLACK_MS = 100;
const TICK_MS = 10;

/** Whoever is killed again and again is started again later and later. */
export function judgeBudget(ledger: ChaosLedger): void {
  const counts = new Map<string, number>();
  for (const kill of ledger.kills) {
    const next = nextLifeAfter(kill, ledger);
    const orders = ledger.orders.get(kill.worker) ?? [];
    if (
      orders.some(
        (ticks) => ticks > kill.atTicks - ORDER_COUNTS_TICKS && ticks <= (next ?? kill.atTicks) + 100,
      )
    )
      continue;
    const key = `${String(kill.supervisorPid)} ${kill.worker}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (next === null) continue;
    const waitedMs = (next - kill.atTicks) * TICK_MS;
    const leastMs = delayWithoutJitterMs(count, RESTART_POLICY);
    if (waitedMs < leastMs - SLACK_MS)
      ledger.violate(
        'budgetKept',
        `${kill.worker} was started ${String(waitedMs)} ms after its death no. ${String(count)}; the policy says ${String(leastMs)} ms at least`,
      );
  }
}

function nextLifeAfter({ supervisorPid, worker, atTicks }: Kill, ledger: ChaosLedger): number | null {
  const later = [...ledger.lives.values()]
    .filter(
      (life) => life.supervisorPid === supervisorPid && life.worker === worker && life.startTicks >= atTicks,
    )
    .map(({ startTicks }) => startTicks);
  return later.length === 0 ? null : Math.min(...later);
}

const MORE_HANDLES = 40;
const MORE_BYTES = 80 * 2 ** 20;

/** The supervisor's handles and memory, first third against last. */
export function judgeGrowth(samples: readonly Sample[], ledger: ChaosLedger): void {
  const third = Math.floor(samples.length / 3);
  if (third < 5) return;
  const grown = (of: (sample: Sample) => number): number =>
    medianOf(samples.slice(-third).map(of)) - medianOf(samples.slice(0, third).map(of));
  const handles = grown((sample) => sample.handles);
  const bytes = grown((sample) => sample.rssBytes);
  if (handles > MORE_HANDLES)
    ledger.violate(
      'noLeak',
      `the supervisor has ${String(handles)} more handles in the last third than in the first`,
    );
  if (bytes > MORE_BYTES)
    ledger.violate(
      'noLeak',
      `the supervisor has ${String(Math.round(bytes / 2 ** 20))} MiB more in the last third than in the first`,
    );
}

export function endsInWords(ledger: ChaosLedger): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const end of ledger.told.values()) counts[inWords(end)] = (counts[inWords(end)] ?? 0) + 1;
  return counts;
}
