/**
 * One HTTP request over the supervisor's Unix socket, and what it means when there is nobody or somebody else.
 * It never waits by itself: whoever asks says with a signal for how long.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { supervisorPidOf } from '../driver/lockHolder.ts';
import { GarrisonError, messageOf } from '../errors.ts';
import type { ControlDoor } from '../home.ts';
import { programWithHome, quoted } from './programName.ts';
import { away, notPermitted } from './unreachable.ts';

export interface Ask extends ControlDoor {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Throws NO_SUPERVISOR, SUPERVISOR_FOREIGN or NOT_PERMITTED; an AbortError when its signal was. */
export function send(ask: Ask): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const payload = ask.body === undefined ? undefined : JSON.stringify(ask.body);
    const outgoing = httpRequest(
      {
        socketPath: ask.socketPath,
        method: ask.method,
        path: ask.path,
        agent: false,
        headers: {
          host: 'localhost',
          ...ask.headers,
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(ask.signal === undefined ? {} : { signal: ask.signal }),
      },
      resolve,
    );
    outgoing.on('error', (error) => {
      reject(brokenBy(error, ask));
    });
    outgoing.end(payload);
  });
}

/** The whole body; throws SUPERVISOR_FOREIGN when it is longer than anything Garrison says. */
export async function wholeText(
  answer: IncomingMessage,
  { door, mostBytes }: { door: ControlDoor; mostBytes: number },
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > mostBytes) throw foreign(door, `it sends more than ${String(mostBytes)} bytes`);
    }
  } catch (error) {
    throw brokenBy(error as Error, door);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What came is in hand before a timer of the same moment is believed: this process itself may have stood still. */
export async function afterWhatCame(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
}

/** Somebody listens there, and it is no supervisor that this command could talk to. */
export function foreign({ home, socketPath }: ControlDoor, because: string): GarrisonError {
  return new GarrisonError(
    'SUPERVISOR_FOREIGN',
    `what answers on ${socketPath} is no garrison supervisor that this command understands: ${because}`,
    { cure: `see what listens there: ss -xlp | grep ${quoted(socketPath)}; ${doctor(home)}` },
  );
}

export function doctor(home: string): string {
  return `${programWithHome(home)} doctor`;
}

export function brokenBy(error: NodeJS.ErrnoException, door: ControlDoor): Error {
  if (error instanceof GarrisonError || error.name === 'AbortError') return error;
  const { home } = door;
  const { code = '' } = error;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return notPermitted(error, door);
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENOTSOCK':
    case 'ECONNREFUSED':
      return nobody(error, door);
    // Its queue of connections is full, because it takes none.
    case 'EAGAIN':
      return new GarrisonError('SUPERVISOR_SILENT', `the supervisor in ${home} takes no connections`, {
        cure: doctor(home),
        cause: error,
      });
    default:
      if (code.startsWith('HPE_')) return foreign(door, 'it does not speak HTTP');
      return new GarrisonError(
        'NO_SUPERVISOR',
        `the connection to the supervisor in ${home} broke: ${messageOf(error)}`,
        { cure: `try again; ${doctor(home)} tells more`, cause: error },
      );
  }
}

function nobody(error: NodeJS.ErrnoException, door: ControlDoor): GarrisonError {
  const pid = supervisorPidOf(door.home);
  if (pid === null) return away(error, door);
  return new GarrisonError(
    'NO_SUPERVISOR',
    `the supervisor (pid ${String(pid)}) in ${door.home} does not listen: it is starting or ending`,
    { cure: `try again in a few seconds; ${doctor(door.home)} tells more`, cause: error },
  );
}
