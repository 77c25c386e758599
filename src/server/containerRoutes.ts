/**
 * The looking half of the API for containers: the list, one of them, its story, and the evidence that the story names.
 * It never opens a file by a name that somebody sent: only what the supervisor itself has named can be asked for.
 */
import type { FastifyInstance } from 'fastify';
import { CONTAINER_STATES } from '../detector/container.ts';
import { GarrisonError } from '../errors.ts';
import type { ContainerStoryView, ContainerView, Door } from '../supervisor/door.ts';
import { addCollection, itemDocument, listDocument, named } from './collection.ts';
import { listQueryOf, pageOf } from './listing.ts';
import { HEAL_EVENTS } from './words.ts';

export function addContainerRoutes(app: FastifyInstance, door: Door): void {
  addCollection(app, {
    plural: 'containers',
    kind: 'Container',
    states: CONTAINER_STATES,
    list: (query) => pageOf(door.listContainers(), query, ({ id }) => id),
    one: (name) => containerNamed(door, bareName(name)),
  });
  app.get<{ Params: { name: string } }>('/api/v1/containers/:name/story', async ({ params, query }) => {
    const entries = storyOf(door, params.name).map((view, index) => ({
      view,
      state: view.event,
      detail: view.detail,
      key: String(index),
    }));
    const { items, nextCursor } = pageOf(entries, listQueryOf(query, HEAL_EVENTS), ({ key }) => key);
    return listDocument('ContainerStory', { items: items.map(({ view }) => view), nextCursor });
  });
  app.get<{ Params: { name: string; file: string } }>(
    '/api/v1/containers/:name/evidence/:file',
    async ({ params }) => itemDocument('Evidence', await evidenceOf(door, params)),
  );
}

/** By name, or by id as `docker ps` shows it. */
function containerNamed(door: Door, name: string): ContainerView {
  const items = door.listContainers();
  return items.find(({ id }) => id === name) ?? named(items, { name, kind: 'container' });
}

/** Of one that is gone, too; NOT_FOUND when neither it nor its story is there. */
function storyOf(door: Door, nameOrId: string): readonly ContainerStoryView[] {
  const name = bareName(nameOrId);
  const known = door.listContainers().find((each) => each.id === name || each.name === name);
  const story = door.containerStory(known?.name ?? name);
  if (known === undefined && story.length === 0) containerNamed(door, name);
  return story;
}

async function evidenceOf(door: Door, { name, file }: { name: string; file: string }): Promise<unknown> {
  const isNamed = storyOf(door, name).some(({ bundleFile }) => bundleFile === file);
  const evidence = isNamed ? await door.containerBundle(file) : null;
  if (evidence !== null) return evidence;
  const why = isNamed ? 'it was kept and is gone' : `the story of ${bareName(name)} names no such file`;
  throw new GarrisonError('NOT_FOUND', `there is no evidence ${file}: ${why}`, {
    cure: `garrison why container/${bareName(name)}`,
  });
}

function bareName(name: string): string {
  return name.replace(/^container\//, '');
}
