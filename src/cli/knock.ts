/**
 * Knocks at the supervisor's door: whether it answers at all, and of which version it is, is known within 3 s.
 * It asks for nothing that could change anything or take long.
 */
import type { IncomingMessage } from 'node:http';
import { monoMs } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { ControlDoor } from '../home.ts';
import { afterWhatCame, foreign, send, wholeText } from './exchange.ts';
import { hasEnded, pause } from './follow.ts';

export const API_VERSION = 'garrison/v1';
const ANSWER_WITHIN_MS = 3_000;
/** One that stands still is not waited for any longer. */
const LOOK_AFTER_MS = 500;
const LONGEST_WORD_BYTES = 4_096;

/** What it tells of itself; null when it tells no version. Throws as `send` does, and SUPERVISOR_SILENT. */
export async function knock(door: ControlDoor, signal?: AbortSignal): Promise<string | null> {
  const over = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  try {
    return await Promise.race([askWhoItIs(door, either), giveUp(door, either)]);
  } finally {
    over.abort();
  }
}

/** The version in its answer, made harmless; null when there is none. */
export function versionOf({ headers }: IncomingMessage): string | null {
  const version = headers['garrison-version'];
  return typeof version === 'string' && /^[\w.+-]{1,64}$/.test(version) ? version : null;
}

async function askWhoItIs(door: ControlDoor, signal: AbortSignal): Promise<string | null> {
  const answer = await send({ ...door, method: 'GET', path: '/livez', signal });
  const text = await wholeText(answer, { door, mostBytes: LONGEST_WORD_BYTES });
  const version = versionOf(answer);
  if (version === null && !/^(?:not )?ok\b/.test(text)) throw foreign(door, 'it does not tell its version');
  // Known before anything is handed over: a refusal after that would come too late.
  const { 'garrison-api': api = API_VERSION } = answer.headers;
  if (api !== API_VERSION) throw otherApi(api, { door, version });
  return version;
}

export function otherApi(
  apiVersion: unknown,
  { door, version }: { door: ControlDoor; version: string | null },
): GarrisonError {
  if (typeof apiVersion !== 'string' || !/^garrison\/v\d{1,4}$/.test(apiVersion))
    return foreign(door, 'it has no API of Garrison');
  const who = version === null ? 'the supervisor' : `the supervisor (garrison ${version})`;
  return new GarrisonError(
    'SUPERVISOR_FOREIGN',
    `${who} in ${door.home} speaks ${apiVersion}, and this command ${API_VERSION}`,
    { cure: 'use the garrison command that was installed with it, or restart it with this one' },
  );
}

async function giveUp(door: ControlDoor, signal: AbortSignal): Promise<never> {
  await pause(LOOK_AFTER_MS, signal);
  await afterWhatCame();
  if (hasEnded(signal)) return never();
  // Loaded here only: a command whose supervisor answers starts the faster for it.
  const { silenceOf, standsStill } = await import('./silence.ts');
  if (!standsStill(door.home)) await pause(ANSWER_WITHIN_MS - LOOK_AFTER_MS, signal);
  await afterWhatCame();
  if (hasEnded(signal)) return never();
  throw await silenceOf(door, ANSWER_WITHIN_MS);
}

/** The race has been won by the other. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

export interface LifeWatch {
  /** Something came: it lives. */
  readonly heard: () => void;
  readonly end: () => void;
}

interface Watched {
  readonly door: ControlDoor;
  /** It is knocked after so long without a word. */
  readonly quietMs: number;
  /** Once: it is there and does not answer any more, and nothing has come for so long. */
  readonly onLost: (error: GarrisonError, silentMs: number) => void;
}

/** For as long as something else is awaited from it. That it is gone, the broken connection tells by itself. */
export function watchLife({ door, quietMs, onLost }: Watched): LifeWatch {
  const over = new AbortController();
  let heardMs = monoMs();
  const watch = async (): Promise<void> => {
    while (!hasEnded(over.signal)) {
      await pause(Math.max(1, heardMs + quietMs - monoMs()), over.signal);
      await afterWhatCame();
      if (hasEnded(over.signal) || monoMs() - heardMs < quietMs) continue;
      const error = await silenceAt(door, over.signal);
      if (hasEnded(over.signal)) return;
      if (error !== null) {
        onLost(error, monoMs() - heardMs);
        return;
      }
      await pause(quietMs, over.signal);
    }
  };
  void watch();
  return { heard: () => (heardMs = monoMs()), end: () => over.abort() };
}

async function silenceAt(door: ControlDoor, signal: AbortSignal): Promise<GarrisonError | null> {
  try {
    await knock(door, signal);
    return null;
  } catch (error) {
    const isLost = error instanceof GarrisonError && error.code === 'SUPERVISOR_SILENT';
    return isLost ? error : null;
  }
}
