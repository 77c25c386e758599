/**
 * Makes one call to a service that takes messages, within a deadline, and says how it ended.
 * It never tries again, follows no redirect, and never tells the address: it may be the secret.
 */
import { createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { OpenChannel } from '../alertSettings.ts';
import type { SendResult } from '../reconciler/notice.ts';

export interface NoticeCall {
  readonly channel: Pick<OpenChannel, 'template' | 'address' | 'signingKey'>;
  readonly body: object;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Of this moment, by the wall clock: what signatures hold. */
  readonly wallMs: number;
}

const LONGEST_ANSWER_BYTES = 16_384;
/** Of the refusals of HTTP, those that may end by waiting. */
const MAY_END = [408, 425, 429];

export async function callService(call: NoticeCall): Promise<SendResult> {
  const { url, text } = signed(call);
  const deadline = AbortSignal.timeout(call.deadlineMs);
  try {
    const answer = await post(url, text, AbortSignal.any([call.signal, deadline]));
    return judge(answer);
  } catch (error) {
    if (deadline.aborted) return failed(`no answer within ${String(call.deadlineMs)} ms`);
    return failed(codeOf(error));
  }
}

/** DingTalk has its signature in the address, Feishu in the body; the others have none. */
function signed({ channel, body, wallMs }: NoticeCall): { url: URL; text: string } {
  const url = new URL(channel.address);
  const { template, signingKey } = channel;
  if (signingKey === null) return { url, text: JSON.stringify(body) };
  if (template === 'dingtalk') {
    const timestamp = String(wallMs);
    url.searchParams.set('timestamp', timestamp);
    url.searchParams.set('sign', hmac(signingKey, `${timestamp}\n${signingKey}`));
    return { url, text: JSON.stringify(body) };
  }
  const timestamp = String(Math.floor(wallMs / 1000));
  // Feishu has it the other way round: the text is the key, and nothing is signed with it.
  const sign = hmac(`${timestamp}\n${signingKey}`, '');
  return { url, text: JSON.stringify({ timestamp, sign, ...body }) };
}

function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64');
}

interface Answer {
  readonly status: number;
  /** null when it is longer than anything that these services answer. */
  readonly text: string | null;
}

function post(url: URL, text: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'user-agent': 'garrison',
    };
    // A connection of its own: messages are rare, and none is to stay open.
    const sent = send(url, { method: 'POST', headers, signal, agent: false }, (answer) => {
      read(answer, resolve, reject);
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

function read(
  answer: IncomingMessage,
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  const status = answer.statusCode ?? 0;
  answer.on('data', (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
    if (bytes <= LONGEST_ANSWER_BYTES) return;
    answer.destroy();
    resolve({ status, text: null });
  });
  answer.on('end', () => {
    resolve({ status, text: Buffer.concat(parts).toString('utf8') });
  });
  answer.on('error', reject);
}

function judge({ status, text }: Answer): SendResult {
  if (status < 200 || status >= 300) {
    const isFinal = status >= 300 && status < 500 && !MAY_END.includes(status);
    return failed(`HTTP ${String(status)}`, !isFinal);
  }
  const code = text === null ? null : refusalCode(text);
  return code === null ? { kind: 'delivered' } : failed(`refused with code ${String(code)}`);
}

/** DingTalk and WeCom (errcode) and Feishu (code, StatusCode) refuse with HTTP 200. */
function refusalCode(text: string): number | null {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof answer !== 'object' || answer === null) return null;
  const codes = Object.entries(answer)
    .filter(([key]) => key === 'errcode' || key === 'code' || key === 'StatusCode')
    .map(([, value]) => (typeof value === 'number' ? value : 0));
  return codes.find((code) => code !== 0) ?? null;
}

function failed(why: string, mayRetry = true): SendResult {
  return { kind: 'failed', why, mayRetry };
}

/** Messages of errors name the address. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'the connection failed';
}
