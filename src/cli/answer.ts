/**
 * Reads what the supervisor answered, and takes nothing for its word that is not: another program, another API, half an answer.
 * It never judges what the answer says.
 */
import type { IncomingMessage } from 'node:http';
import { GarrisonError, type ErrorCode } from '../errors.ts';
import type { ControlDoor } from '../home.ts';
import { foreign, wholeText } from './exchange.ts';
import { API_VERSION, otherApi, versionOf } from './knock.ts';
import { visible } from './output.ts';

/** The longest list of 500 things is a hundredth of it. */
const LONGEST_ANSWER_BYTES = 64 * 2 ** 20;
const LONGEST_SENTENCE = 2_000;

export interface Asked {
  readonly door: ControlDoor;
  /** What its door told of itself: a version, or (an early one) null. */
  readonly version: string | null;
}

/** The document, of which the frame is known to be as the contract has it; null for an answer without a body. */
export async function documentOf(answer: IncomingMessage, asked: Asked): Promise<unknown> {
  await refuseProblem(answer, asked);
  const { door } = asked;
  const text = await wholeText(answer, { door, mostBytes: LONGEST_ANSWER_BYTES });
  if (answer.statusCode === 204 && text === '') {
    mustBeOurs(answer, asked);
    return null;
  }
  const document = objectIn(text);
  if (document === null) throw foreign(door, text === '' ? 'its answer is empty' : 'its answer is not JSON');
  const { apiVersion } = document;
  if (apiVersion !== API_VERSION) throw otherApi(apiVersion, asked);
  if (!hasContents(document)) throw foreign(door, 'its answer is not complete');
  return document;
}

/** Throws what the supervisor refused with; a body that is to be read as it comes is left alone. */
export async function streamOf(
  answer: IncomingMessage,
  { type, ...asked }: Asked & { readonly type: string },
): Promise<IncomingMessage> {
  await refuseProblem(answer, asked);
  mustBeOurs(answer, asked);
  if (answer.headers['content-type']?.startsWith(type) === true) return answer;
  throw foreign(asked.door, `it answers with ${visible(answer.headers['content-type'] ?? 'nothing')}`);
}

function mustBeOurs(answer: IncomingMessage, { door, version }: Asked): void {
  if (version !== null && versionOf(answer) === null) throw foreign(door, 'it does not tell its version');
}

async function refuseProblem(answer: IncomingMessage, { door }: Asked): Promise<void> {
  const { statusCode = 500 } = answer;
  if (statusCode >= 200 && statusCode < 300) return;
  const text = await wholeText(answer, { door, mostBytes: LONGEST_ANSWER_BYTES });
  const { code, detail, cure } = objectIn(text) ?? {};
  if (typeof code !== 'string' || typeof detail !== 'string')
    throw foreign(door, `it answers ${String(statusCode)} without a reason`);
  // One that this command does not know is of a newer supervisor: exitCodes.ts takes it for not done.
  throw new GarrisonError(code as ErrorCode, detail.slice(0, LONGEST_SENTENCE), {
    ...(typeof cure === 'string' ? { cure: cure.slice(0, LONGEST_SENTENCE) } : {}),
  });
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** A list, one thing, or the status, which stands by itself. */
function hasContents(document: Readonly<Record<string, unknown>>): boolean {
  const { kind, items } = document;
  if (kind === 'Status') return isObject(document['queue']) && Array.isArray(document['workers']);
  if ('items' in document) return Array.isArray(items) && items.every(isObject);
  return 'item' in document;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
