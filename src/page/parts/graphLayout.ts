/**
 * Lays the dependency graph out: a box for each project, what others depend on to the left, what depends on it to the right.
 * It draws nothing, and the same containers always lie at the same places: a change of state moves nobody.
 */

export interface GraphNode {
  readonly name: string;
  readonly project: string | null;
  readonly dependsOn: readonly string[];
}

export interface PlacedNode {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

export interface PlacedEdge {
  /** The one that depends. */
  readonly from: string;
  /** What it depends on. */
  readonly to: string;
  /** Of an SVG path, from the one that depends to what it depends on. */
  readonly path: string;
}

export interface PlacedGroup {
  readonly project: string | null;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly groups: readonly PlacedGroup[];
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

export const NODE_WIDTH = 190;
export const NODE_HEIGHT = 46;
const GAP_X = 56;
const GAP_Y = 12;
const PADDING = 14;
const TITLE_HEIGHT = 26;
const GROUP_GAP = 14;
/** A column of more is hard to look over: the rest goes on beside it. */
const MOST_IN_COLUMN = 10;
/** Those that nothing is known of the dependencies of lie side by side. */
const LOOSE_IN_ROW = 4;
const SWEEPS = 4;

export function layOut(nodes: readonly GraphNode[]): GraphLayout {
  const projects = [...new Set(nodes.map(({ project }) => project))].sort(byProject);
  const groups: PlacedGroup[] = [];
  const placed = new Map<string, PlacedNode>();
  let y = 0;
  for (const project of projects) {
    const columns = columnsOf(nodes.filter((node) => node.project === project));
    const tallest = Math.max(...columns.map(({ length }) => length));
    const width = 2 * PADDING + columns.length * NODE_WIDTH + (columns.length - 1) * GAP_X;
    const height = TITLE_HEIGHT + PADDING + tallest * (NODE_HEIGHT + GAP_Y) - GAP_Y + PADDING;
    groups.push({ project, x: 0, y, width, height });
    for (const [column, names] of columns.entries()) {
      const x = PADDING + column * (NODE_WIDTH + GAP_X);
      for (const [row, name] of names.entries())
        placed.set(name, { name, x, y: y + TITLE_HEIGHT + PADDING + row * (NODE_HEIGHT + GAP_Y) });
    }
    y += height + GROUP_GAP;
  }
  return {
    width: Math.max(0, ...groups.map(({ width }) => width)),
    height: Math.max(0, y - GROUP_GAP),
    groups,
    nodes: [...placed.values()],
    edges: edgesOf(nodes, placed),
  };
}

/** Those of no project come last. */
function byProject(one: string | null, other: string | null): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
  return one < other ? -1 : 1;
}

/** Names by column, from what depends on nothing. */
function columnsOf(nodes: readonly GraphNode[]): readonly (readonly string[])[] {
  const names = new Set(nodes.map(({ name }) => name));
  const above = new Map(
    nodes.map(({ name, dependsOn }) => [
      name,
      [...new Set(dependsOn)].filter((each) => each !== name && names.has(each)),
    ]),
  );
  const below = reversed(above);
  const isLoose = (name: string): boolean =>
    above.get(name)?.length === 0 && (below.get(name) ?? []).length === 0;
  const sorted = [...names].sort();
  const linked = sorted.filter((name) => !isLoose(name));
  const layers = ordered(layersOf(linked, above), { above, below });
  const columns = layers.flatMap((layer) => inSlices(layer, MOST_IN_COLUMN));
  return withLoose(columns, sorted.filter(isLoose));
}

/** Each one right of all that it depends on; of a circle, one dependency is left out of the count. */
function layersOf(
  names: readonly string[],
  above: ReadonlyMap<string, readonly string[]>,
): readonly (readonly string[])[] {
  const depths = new Map<string, number>();
  const open = new Set<string>();
  const depthOf = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    open.add(name);
    const over = (above.get(name) ?? []).filter((each) => !open.has(each)).map(depthOf);
    open.delete(name);
    const depth = over.length === 0 ? 0 : Math.max(...over) + 1;
    depths.set(name, depth);
    return depth;
  };
  for (const name of names) depthOf(name);
  const deepest = Math.max(-1, ...depths.values());
  return Array.from({ length: deepest + 1 }, (_, depth) =>
    names.filter((name) => depths.get(name) === depth),
  ).filter(({ length }) => length > 0);
}

/** Beside those that they are tied to, as far as that can be had in a few sweeps (the barycentre of their places). */
function ordered(
  layers: readonly (readonly string[])[],
  ties: Readonly<Record<'above' | 'below', ReadonlyMap<string, readonly string[]>>>,
): readonly (readonly string[])[] {
  const rows = layers.map((layer) => [...layer]);
  const place = new Map<string, number>();
  const note = (layer: readonly string[]): void =>
    layer.forEach((name, row) => place.set(name, row / layer.length));
  rows.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (const layer of isDown ? rows : [...rows].reverse()) {
      const centre = new Map(
        layer.map((name) => [
          name,
          meanOf(ties[isDown ? 'above' : 'below'].get(name) ?? [], place) ?? place.get(name) ?? 0,
        ]),
      );
      layer.sort((one, other) => (centre.get(one) ?? 0) - (centre.get(other) ?? 0) || (one < other ? -1 : 1));
      note(layer);
    }
  }
  return rows;
}

function meanOf(names: readonly string[], place: ReadonlyMap<string, number>): number | null {
  const places = names.flatMap((name) => place.get(name) ?? []);
  return places.length === 0 ? null : places.reduce((sum, each) => sum + each, 0) / places.length;
}

/** Under the others, row by row. */
function withLoose(
  columns: readonly (readonly string[])[],
  loose: readonly string[],
): readonly (readonly string[])[] {
  if (loose.length === 0) return columns;
  const width = Math.max(columns.length, Math.min(LOOSE_IN_ROW, loose.length));
  const all = Array.from({ length: width }, (_, column) => [...(columns[column] ?? [])]);
  for (const name of loose) {
    const shortest = all.reduce((best, column) => (column.length < best.length ? column : best));
    shortest.push(name);
  }
  return all;
}

function reversed(above: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  const below = new Map<string, string[]>();
  for (const [name, over] of above)
    for (const each of over) below.set(each, [...(below.get(each) ?? []), name]);
  return below;
}

function inSlices(names: readonly string[], most: number): readonly (readonly string[])[] {
  const count = Math.ceil(names.length / most);
  const size = Math.ceil(names.length / count);
  return Array.from({ length: count }, (_, index) => names.slice(index * size, (index + 1) * size));
}

function edgesOf(
  nodes: readonly GraphNode[],
  placed: ReadonlyMap<string, PlacedNode>,
): readonly PlacedEdge[] {
  return nodes.flatMap(({ name, dependsOn }) =>
    [...new Set(dependsOn)].flatMap((other) => {
      const from = placed.get(name);
      const to = placed.get(other);
      if (from === undefined || to === undefined || from === to) return [];
      return [{ from: name, to: other, path: pathBetween(from, to) }];
    }),
  );
}

/** From the left side of the one to the right side of the other; around by the sides where the other does not lie to the left. */
function pathBetween(from: PlacedNode, to: PlacedNode): string {
  const fromY = from.y + NODE_HEIGHT / 2;
  const toY = to.y + NODE_HEIGHT / 2;
  const toX = to.x + NODE_WIDTH;
  const bend = from.x > toX ? Math.max(GAP_X / 2, (from.x - toX) / 2) : GAP_X / 2;
  const numbers = [from.x - bend, fromY, toX + bend, toY, toX, toY].map((each) => String(Math.round(each)));
  return `M ${String(from.x)} ${String(fromY)} C ${numbers.join(' ')}`;
}
