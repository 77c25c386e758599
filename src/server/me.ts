/**
 * Tells the page who looks at it and what that one may do, so that it offers nothing that would be refused.
 * It never tells a secret: the form's token is that session's own.
 */
import type { FastifyInstance } from 'fastify';
import { itemDocument } from './collection.ts';

const ROLE_OF = { read: 'view', operate: 'operate', admin: 'admin' } as const;

export function addMeRoute(app: FastifyInstance): void {
  app.get('/api/v1/me', async ({ actor }) => {
    const role = actor === null || actor.scope === 'hook' ? 'view' : ROLE_OF[actor.scope];
    return itemDocument('Actor', {
      name: actor?.name ?? '',
      role,
      formToken: actor?.session?.formToken ?? null,
    });
  });
}
