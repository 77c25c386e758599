/**
 * Turns whatever went wrong into an RFC 9457 problem document with Garrison's code.
 * It never shows a stack trace, and of a surprise it tells only where to look for it.
 */
import type { FastifyReply } from 'fastify';
import { GarrisonError, type ErrorCode } from '../errors.ts';
import { TooBusy } from './password.ts';

/** Codes that only HTTP has, beside those of errors.ts. */
type HttpCode =
  | 'UNAUTHENTICATED'
  | 'MISDIRECTED'
  | 'CROSS_SITE'
  | 'BODY_TOO_LARGE'
  | 'BODY_UNREADABLE'
  | 'HEAD_TOO_LARGE'
  | 'TOO_SLOW'
  | 'TOO_MANY_STREAMS'
  | 'TOO_BUSY'
  | 'STOPPING';

export type ProblemCode = ErrorCode | HttpCode;

export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly cure?: string;
}

const STATUS_OF: Readonly<Record<ProblemCode, number>> = {
  CONFIG_INVALID: 500,
  USAGE: 400,
  HOME_BUSY: 409,
  HOME_UNUSABLE: 500,
  NOT_FOUND: 404,
  NAME_AMBIGUOUS: 409,
  NOT_PERMITTED: 403,
  REFUSED_BY_GUARD: 409,
  INCARNATION_CHANGED: 412,
  NO_SUPERVISOR: 503,
  SUPERVISOR_SILENT: 504,
  SUPERVISOR_FOREIGN: 502,
  INTERRUPTED: 500,
  REDIS_UNAVAILABLE: 503,
  REDIS_FOREIGN: 503,
  ACCOUNT_INVALID: 422,
  KEY_INVALID: 422,
  HOST_UNKNOWN: 422,
  HOST_KEY_UNAVAILABLE: 502,
  PROGRAM_MISSING: 500,
  PRACTICE_UNAVAILABLE: 500,
  PAGE_UNAVAILABLE: 500,
  JUMPSERVER_UNAVAILABLE: 502,
  WAIT_TIMED_OUT: 504,
  CONFLICTING_STATE: 409,
  NOT_RUNNING: 409,
  INTERNAL: 500,
  UNAUTHENTICATED: 401,
  MISDIRECTED: 421,
  CROSS_SITE: 403,
  BODY_TOO_LARGE: 413,
  BODY_UNREADABLE: 400,
  HEAD_TOO_LARGE: 431,
  TOO_SLOW: 408,
  TOO_MANY_STREAMS: 503,
  TOO_BUSY: 503,
  STOPPING: 503,
};

const TITLE_OF: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

export function problem(code: ProblemCode, detail: string, cure?: string): Problem {
  const status = STATUS_OF[code];
  const title = TITLE_OF[status] ?? 'Error';
  return { type: 'about:blank', title, status, code, detail, ...(cure === undefined ? {} : { cure }) };
}

export function sendProblem(reply: FastifyReply, what: Problem): FastifyReply {
  if (what.status === 401) void reply.header('www-authenticate', 'Bearer realm="garrison"');
  return reply.code(what.status).type('application/problem+json; charset=utf-8').send(JSON.stringify(what));
}

/** The document for any thrown thing; null when it is a surprise that the log must tell of. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof TooBusy) return problem('TOO_BUSY', error.message, 'try again in a few seconds');
  if (error instanceof GarrisonError) return problem(error.code, error.message, error.cure);
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (statusCode === 413) return problem('BODY_TOO_LARGE', 'the request body is larger than 1 MiB');
  if (statusCode === 415)
    return problem('BODY_UNREADABLE', 'the request body must be JSON (content-type: application/json)');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return problem(
      'BODY_UNREADABLE',
      code === 'FST_ERR_CTP_EMPTY_JSON_BODY' ? 'the request body is empty' : 'the request could not be read',
    );
  }
  return null;
}
