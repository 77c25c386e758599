/** The drawing of who depends on whom: left to right, nobody on top of another, and the same each time, circles and crowds too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  layOut,
  NODE_HEIGHT,
  NODE_WIDTH,
  type GraphLayout,
  type GraphNode,
} from '../../src/page/parts/graphLayout.ts';

const node = (
  name: string,
  dependsOn: readonly string[] = [],
  project: string | null = 'jms',
): GraphNode => ({ name, project, dependsOn });

function assertApart({ nodes, groups, width, height }: GraphLayout): void {
  for (const [index, one] of nodes.entries()) {
    assert.ok(
      one.x >= 0 && one.y >= 0 && one.x + NODE_WIDTH <= width && one.y + NODE_HEIGHT <= height,
      one.name,
    );
    for (const other of nodes.slice(index + 1))
      assert.ok(
        Math.abs(one.x - other.x) >= NODE_WIDTH || Math.abs(one.y - other.y) >= NODE_HEIGHT,
        `${one.name} lies on ${other.name}`,
      );
  }
  for (const [index, one] of groups.entries())
    for (const other of groups.slice(index + 1)) assert.ok(one.y + one.height <= other.y, 'groups lie apart');
}

const xOf = (layout: GraphLayout, name: string): number => layout.nodes.find((each) => each.name === name)!.x;

test('what others depend on lies to the left of them, and each tie is drawn once', () => {
  const layout = layOut([
    node('koko', ['core', 'core']),
    node('core', ['db', 'redis']),
    node('db'),
    node('redis'),
    node('lion', ['core', 'gone']),
    node('alone'),
  ]);
  assertApart(layout);
  assert.ok(xOf(layout, 'db') < xOf(layout, 'core') && xOf(layout, 'core') < xOf(layout, 'koko'));
  assert.equal(xOf(layout, 'db'), xOf(layout, 'redis'));
  assert.deepEqual(layout.edges.map(({ from, to }) => `${from}>${to}`).sort(), [
    'core>db',
    'core>redis',
    'koko>core',
    'lion>core',
  ]);
});

test('each project has its box, those of none the last, and a tie between two is drawn', () => {
  const layout = layOut([node('web', ['db'], 'shop'), node('db', [], 'data'), node('loose', [], null)]);
  assertApart(layout);
  assert.deepEqual(
    layout.groups.map(({ project }) => project),
    ['data', 'shop', null],
  );
  assert.equal(layout.edges.length, 1);
});

test('circles end, also one that depends on itself', () => {
  const layout = layOut([
    node('a', ['c']),
    node('b', ['a']),
    node('c', ['b']),
    node('d', ['d']),
    node('e', ['f']),
    node('f', ['e']),
  ]);
  assertApart(layout);
  assert.equal(layout.nodes.length, 6);
  assert.equal(layout.edges.length, 5);
});

test('nothing at all is an empty drawing', () => {
  assert.deepEqual(layOut([]), { width: 0, height: 0, groups: [], nodes: [], edges: [] });
});

test('150 of them are laid out at once, in a drawing that can be looked over', () => {
  const crowd = Array.from({ length: 150 }, (_, index) =>
    node(
      `c${String(index)}`,
      index === 0 ? [] : [`c${String(Math.floor(index / 4))}`, ...(index > 40 ? ['c3'] : [])],
    ),
  );
  const beganMs = performance.now();
  const layout = layOut(crowd);
  const tookMs = performance.now() - beganMs;
  assertApart(layout);
  assert.ok(tookMs < 200, `${String(tookMs)} ms`);
  assert.ok(layout.height < 1_000, `${String(layout.height)} high`);
  const loose = layOut(Array.from({ length: 150 }, (_, index) => node(`c${String(index)}`)));
  assertApart(loose);
  assert.ok(loose.width < 1_200);
});

test('any graph is laid out apart, and the order it is told in changes nothing', () => {
  const names = 'abcdefghij'.split('');
  const graph = fc.array(
    fc.record({
      name: fc.constantFrom(...names),
      project: fc.constantFrom('p', 'q', null),
      dependsOn: fc.subarray(names),
    }),
    { maxLength: 10 },
  );
  fc.assert(
    fc.property(graph, (told) => {
      const nodes = [...new Map(told.map((each) => [each.name, each])).values()];
      const layout = layOut(nodes);
      assertApart(layout);
      assert.equal(layout.nodes.length, nodes.length);
      const byName = (each: GraphLayout): unknown =>
        [...each.nodes].sort((one, other) => (one.name < other.name ? -1 : 1));
      assert.deepEqual(byName(layOut([...nodes].reverse())), byName(layout));
    }),
    { numRuns: 200 },
  );
});
