/**
 * Says of a request who asks and from where, as the journal has it.
 * It permits nothing.
 */
import type { FastifyRequest } from 'fastify';
import type { Asker } from '../supervisor/door.ts';

export function askerOf({ actor, client }: FastifyRequest): Asker {
  const name = actor?.name ?? 'unknown';
  return client === null ? { actor: name } : { actor: name, from: client.address };
}
