/**
 * Asks a JumpServer one thing over HTTP, within a deadline and a size, and says what it answered or why it did not.
 * It only ever reads, follows no redirect (the token would go along), takes no certificate unchecked, and never tells the token.
 */
import type { Agent, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface JumpserverCall {
  readonly url: URL;
  /** Of the Authorization header: `Token …` or `Bearer …`. */
  readonly authorization: string;
  /** The organization that is asked about; null for the user's own. */
  readonly org: string | null;
  /** The only CAs whose certificates count, in PEM; null for the machine's. */
  readonly ca: string | null;
  readonly agent: Agent;
  readonly deadlineMs: number;
  readonly mostBytes: number;
}

export type JumpserverAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string; readonly bytes: number }
  | { readonly kind: 'redirected'; readonly status: number; readonly to: string }
  | { readonly kind: 'tooLong' }
  | { readonly kind: 'silent' }
  /** The code of Node or OpenSSL; its message may name anything. */
  | { readonly kind: 'unreachable'; readonly code: string };

export async function callJumpserver(call: JumpserverCall): Promise<JumpserverAnswer> {
  const deadline = AbortSignal.timeout(call.deadlineMs);
  try {
    return await ask(call, deadline);
  } catch (error) {
    if (deadline.aborted) return { kind: 'silent' };
    const { code } = error as { code?: unknown };
    return { kind: 'unreachable', code: typeof code === 'string' ? code : 'UNKNOWN' };
  }
}

function ask(call: JumpserverCall, signal: AbortSignal): Promise<JumpserverAnswer> {
  const { url, authorization, org, ca, agent, mostBytes } = call;
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'garrison',
    authorization,
    ...(org === null ? {} : { 'x-jms-org': org }),
  };
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const trusted = ca === null ? {} : { ca };
  return new Promise((resolve, reject) => {
    const sent = send(url, { method: 'GET', headers, signal, agent, ...trusted }, (answer) => {
      const status = answer.statusCode ?? 0;
      if (status >= 300 && status < 400) {
        answer.destroy();
        resolve({ kind: 'redirected', status, to: originOf(answer, url) });
      } else read(answer, { status, mostBytes, resolve, reject });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** No more of it than where it leads: the rest may hold anything. */
function originOf({ headers }: IncomingMessage, url: URL): string {
  try {
    return new URL(headers.location ?? '', url).origin;
  } catch {
    return 'nowhere';
  }
}

interface Reading {
  readonly status: number;
  readonly mostBytes: number;
  readonly resolve: (answer: JumpserverAnswer) => void;
  readonly reject: (error: Error) => void;
}

function read(answer: IncomingMessage, { status, mostBytes, resolve, reject }: Reading): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  answer.on('data', (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
    if (bytes <= mostBytes) return;
    resolve({ kind: 'tooLong' });
    answer.destroy();
  });
  answer.on('end', () => {
    resolve({ kind: 'answered', status, text: Buffer.concat(parts).toString('utf8'), bytes });
  });
  answer.on('error', reject);
}
