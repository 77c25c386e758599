/**
 * Serves the built task-monitor page: one document for every address of the page, and its files, which never change their name's content.
 * It runs no script and shows no fact itself: all that comes from the API.
 */
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GarrisonError } from '../errors.ts';
import { escapeHtml } from './html.ts';

/** Where `vite build` puts it; the sources run beside the built page, too. */
const FOLDER = fileURLToPath(new URL('../../dist/page/', import.meta.url));

/** Only our own files; what the charts and the drawings set on elements is not markup, so no inline style is needed. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The addresses that the page itself makes views of. */
const VIEWS = [
  '/',
  '/workers',
  '/workers/*',
  '/jobs',
  '/jobs/*',
  '/push',
  '/grants',
  '/leftovers',
  '/leftovers/*',
  '/pushes',
  '/pushes/*',
  '/containers',
  '/containers/*',
  '/timeline',
  '/history',
  '/zombies',
  '/users',
];

const ASSETS = { config: { access: 'public' as const } };

export async function addPageFiles(app: FastifyInstance, basePath: string): Promise<void> {
  const document = pageDocument(basePath);
  for (const path of VIEWS) {
    app.get(path, async (_request, reply) =>
      reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8').send(document),
    );
  }
  await app.register(async (scope) => {
    // The same bytes for everybody, and in nobody's secret.
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, ...ASSETS.config };
    });
    await scope.register(fastifyStatic, {
      root: `${FOLDER}assets`,
      prefix: '/assets/',
      index: false,
      immutable: true,
      maxAge: '365d',
    });
  });
}

/** With the address that relative ones start from: the page is opened at many depths. */
function pageDocument(basePath: string): string {
  let built: string;
  try {
    built = readFileSync(`${FOLDER}index.html`, 'utf8');
  } catch (error) {
    throw new GarrisonError('INTERNAL', `the page was not built: ${FOLDER}index.html cannot be read`, {
      cure: 'npm run build',
      cause: error,
    });
  }
  return built.replace('<head>', `<head>\n    <base href="${escapeHtml(basePath)}" />`);
}
