/**
 * Measures what a flood of sign-ins with wrong passwords costs the supervisor, and how long a right password takes meanwhile.
 * Each wrong try comes from an address of its own on loopback, so that no limit of a source holds it back.
 */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Garrison } from '../test/support/garrison.ts';
import { percentileOf, rounded, summaryOf, type BenchContext, type Figures } from './benchmark.ts';
import { allUp } from './restart.ts';
import { longestSilence } from './viewersCare.ts';

const AT_ONCE = 50;
const FLOOD_MS = 20_000;
const NAME = 'betty1210';
const PASSWORD = 'correct horse battery';
const KNOWN = '127.200.0.1';

export async function measureLoginFlood(context: BenchContext): Promise<Figures> {
  const garrison = await Garrison.start(context, { config: 'workers: { count: 4 }' });
  await allUp(garrison);
  await garrison.api('POST', '/api/v1/users', { name: NAME, password: PASSWORD });
  const page = new URL((await garrison.cli('sign-in')).stdout.trim());
  if ((await signIn(page, { from: KNOWN })).status !== 303) throw new Error('the right password was refused');
  context.note('no flood');
  const quiet = await measureWhile(garrison, page, '127.201');
  context.note(`a flood of ${String(AT_ONCE)} at once`);
  const flood = startFlood(page);
  const flooded = await measureWhile(garrison, page, '127.202');
  return {
    measures: `${String(AT_ONCE)} sign-ins at once with a wrong password, each from an address of its own, for ${String(FLOOD_MS / 1000)} s`,
    tries: await flood.end(),
    quiet,
    flooded,
  };
}

interface Try {
  readonly from: string;
  readonly password?: string;
}

interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
}

function signIn({ hostname, port, origin, host }: URL, { from, password = PASSWORD }: Try): Promise<Answer> {
  const body = new URLSearchParams({ name: NAME, password }).toString();
  const headers = { host, origin, 'content-type': 'application/x-www-form-urlencoded' };
  return new Promise((resolve, reject) => {
    const where = { hostname, port, localAddress: from, agent: false } as const;
    request({ ...where, method: 'POST', path: '/login', headers }, (answer) => {
      const retryAfterMs = Number(answer.headers['retry-after'] ?? 0) * 1000;
      answer.resume().on('end', () => {
        resolve({ status: answer.statusCode ?? 0, retryAfterMs });
      });
    })
      .on('error', reject)
      .end(body);
  });
}

function startFlood(page: URL): { end(): Promise<Figures> } {
  const counts: Record<string, number> = {};
  let isOn = true;
  let number = 0;
  const one = async (): Promise<void> => {
    while (isOn) {
      number += 1;
      const from = `127.${String(1 + ((number >> 16) & 63))}.${String((number >> 8) & 255)}.${String(number & 255)}`;
      const outcome = await signIn(page, { from, password: 'a wrong password' }).then(
        ({ status }) => String(status),
        () => 'failed',
      );
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
  };
  const all = Array.from({ length: AT_ONCE }, one);
  return {
    end: async () => {
      isOn = false;
      await Promise.all(all);
      return counts;
    },
  };
}

async function measureWhile(garrison: Garrison, page: URL, newNetwork: string): Promise<Figures> {
  const endsAtMs = performance.now() + FLOOD_MS;
  const lagBefore = await lagCounts(garrison);
  const [beatSilenceMs, listMs, known, stranger] = await Promise.all([
    longestSilence(garrison, FLOOD_MS),
    repeat(endsAtMs, 200, () => timed(() => garrison.api('GET', '/api/v1/jobs?limit=50'))),
    repeat(endsAtMs, 1_000, () => enter(page, KNOWN)),
    repeat(endsAtMs, 1_000, (turn) => enter(page, `${newNetwork}.0.${String(turn + 1)}`)),
  ]);
  return {
    beatSilenceMs: rounded(beatSilenceMs, 0),
    loopLagP99MsAtMost: lagP99(lagBefore, await lagCounts(garrison)),
    listMs: { ...summaryOf(listMs), p99: rounded(percentileOf(listMs, 99), 1) },
    rightPasswordFromKnownAddressMs: { times: known.length, ...summaryOf(known, 0) },
    rightPasswordFromNewAddressMs: { times: stranger.length, ...summaryOf(stranger, 0) },
  };
}

async function repeat(
  endsAtMs: number,
  pauseMs: number,
  once: (turn: number) => Promise<number>,
): Promise<readonly number[]> {
  const values: number[] = [];
  while (performance.now() < endsAtMs) {
    values.push(await once(values.length));
    await sleep(pauseMs);
  }
  return values;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** As a person does: comes again when told to. Who is not in after a minute is not waited for. */
function enter(page: URL, from: string): Promise<number> {
  return timed(async () => {
    const startedMs = performance.now();
    while (performance.now() - startedMs < 60_000) {
      const { status, retryAfterMs } = await signIn(page, { from });
      if (status === 303) return;
      await sleep(Math.max(100, retryAfterMs));
    }
  });
}

type Counts = readonly (readonly [upToMs: number, count: number])[];

async function lagCounts(garrison: Garrison): Promise<Counts> {
  const lines = (await garrison.text('/metrics')).matchAll(
    /^garrison_event_loop_lag_seconds_bucket\{(?=[^}]*process="supervisor")[^}]*le="([^"]+)"[^}]*\} (\d+)/gm,
  );
  return [...lines].map(([, upTo = '', count]) => [
    upTo === '+Inf' ? Infinity : rounded(Number(upTo) * 1000, 3),
    Number(count),
  ]);
}

/** The bucket that 99 of 100 of these seconds are within. */
function lagP99(before: Counts, after: Counts): number | null {
  const grown = after.map(([upToMs, count], index) => [upToMs, count - (before[index]?.[1] ?? 0)] as const);
  const all = grown.at(-1)?.[1] ?? 0;
  return grown.find(([, count]) => count >= all * 0.99)?.[0] ?? null;
}
