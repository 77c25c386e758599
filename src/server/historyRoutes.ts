/**
 * The looking back half of the API: figures over time, the timeline with its evidence, the audit, beats and a container's last health checks.
 * It never opens a file by a name that somebody sent: evidence is asked for by its entry's place in the journal.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { GarrisonError } from '../errors.ts';
import type { Door, SamplesQuery, TimelineListing, TimelineQuery } from '../supervisor/door.ts';
import { parseDurationMs } from '../units.ts';
import { itemDocument, listDocument } from './collection.ts';
import { TIMELINE_KINDS } from './words.ts';

const MOST_ITEMS = 200;
const USUAL_ITEMS = 50;
const LONGEST_NAME = 250;

const Time = z.iso.datetime({ offset: true, error: 'a time such as 2026-01-02T03:04:05Z' });

const Query = z.strictObject({
  kind: z.enum(TIMELINE_KINDS as [string, ...string[]]).optional(),
  q: z.string().max(200).optional(),
  about: z
    .string()
    .regex(/^[a-z]+\/.{1,200}$/s, 'such as worker/push-1 or container/jms_core')
    .optional(),
  actor: z.string().max(200).optional(),
  from: Time.optional(),
  to: Time.optional(),
  before: z
    .string()
    .regex(/^\d{1,20}-\d{1,15}$/, 'the id of an entry')
    .optional(),
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(USUAL_ITEMS),
});

const Duration = z
  .string()
  .refine((text) => (parseDurationMs(text) ?? 0) > 0, 'a duration such as 10s, 1m or 24h');
const SamplesWords = z
  .strictObject({
    from: Time.optional(),
    to: Time.optional(),
    last: Duration.optional(),
    step: Duration.optional(),
  })
  .refine(({ from, last }) => from === undefined || last === undefined, 'either from or last');

export function addHistoryRoutes(app: FastifyInstance, { history }: Door): void {
  app.get('/api/v1/history', ({ query }) => itemDocument('History', history.samples(samplesQueryOf(query))));
  app.get('/api/v1/timeline', async ({ query }) =>
    timelineDocument('Timeline', await history.timeline(queryOf(query))),
  );
  app.get('/api/v1/audit', async ({ query }) =>
    timelineDocument('Audit', await history.timeline({ ...queryOf(query), wantedOnly: true })),
  );
  app.get<{ Params: { id: string } }>('/api/v1/timeline/:id/evidence', async ({ params }) =>
    itemDocument('Evidence', await history.evidence(params.id)),
  );
  app.get<{ Params: { '*': string } }>('/api/v1/why/*', async ({ params }) =>
    itemDocument('Why', await history.why(subjectIn(params['*']))),
  );
  app.get<{ Params: { '*': string } }>('/api/v1/evidence/*', async ({ params }) =>
    itemDocument('EvidenceBundle', await history.bundle(subjectIn(params['*']))),
  );
  app.get<{ Params: { name: string } }>('/api/v1/workers/:name/beats', ({ params }) =>
    itemDocument('Beats', history.beats(params.name.replace(/^worker\//, ''))),
  );
  app.get<{ Params: { name: string } }>('/api/v1/containers/:name/health', ({ params }) =>
    itemDocument('ContainerHealth', history.containerHealth(params.name.replace(/^container\//, ''))),
  );
}

function subjectIn(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  throw new GarrisonError('USAGE', `a name has at most ${String(LONGEST_NAME)} letters`, {
    cure: 'garrison get workers, containers, hosts, pushes, jobs or operations lists the names',
  });
}

/** With how far the search came, and what it could not read: a short list is not the end of the journal. */
function timelineDocument(
  kind: string,
  { items, nextCursor, searchedBackTo, damaged }: TimelineListing,
): object {
  return { ...listDocument(kind, { items, nextCursor }), searchedBackTo, damaged };
}

function queryOf(query: unknown): TimelineQuery {
  const words = `kind, q, about, actor, from, to, before and limit (1 to ${String(MOST_ITEMS)})`;
  const { limit, from, to, ...rest } = understood(Query, query, words);
  const given = Object.entries({ ...rest, fromMs: msOf(from), toMs: msOf(to) }).filter(
    ([, value]) => value !== undefined,
  );
  return { limit, ...(Object.fromEntries(given) as Omit<TimelineQuery, 'limit'>) };
}

function msOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

function samplesQueryOf(query: unknown): SamplesQuery {
  const { from, to, last, step } = understood(SamplesWords, query, 'from, to, last and step');
  return {
    fromMs: from === undefined ? null : Date.parse(from),
    toMs: to === undefined ? null : Date.parse(to),
    lastMs: last === undefined ? null : parseDurationMs(last),
    stepMs: step === undefined ? null : parseDurationMs(step),
  };
}

/** `words`: what it takes. Throws USAGE. */
function understood<Shape extends z.ZodType>(shape: Shape, query: unknown, words: string): z.output<Shape> {
  const parsed = shape.safeParse(query);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : (issue?.path.join('.') ?? '');
  throw new GarrisonError('USAGE', `the query is not understood: ${name}: ${issue?.message ?? ''}`, {
    cure: `it takes ${words}`,
  });
}
