/**
 * Draws who depends on whom: a box for each container with its state's sign and word, an arrow to what it depends on, the root cause marked.
 * It says nothing that the table beside it does not say, and moves nobody when a state changes.
 */
import { useMemo } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { ContainerView } from '../../supervisor/door.ts';
import { addressOf } from '../api.ts';
import { t, word } from '../words/language.ts';
import { readable } from '../words/readable.ts';
import { layOut, NODE_HEIGHT, NODE_WIDTH, type GraphLayout, type PlacedNode } from './graphLayout.ts';
import { SIGNS, toneOf } from './state.tsx';
import { Wide } from './wide.tsx';

const MARGIN = 2;
const NAME_FITS = 20;

export function DependencyGraph({ containers }: { containers: readonly ContainerView[] }) {
  // What is laid out anew only when somebody comes, goes, or depends on others.
  const shape = JSON.stringify(containers.map(({ name, project, dependsOn }) => [name, project, dependsOn]));
  const layout = useMemo(() => layOut(containers), [shape]);
  const byName = new Map(containers.map((each) => [each.name, each]));
  const width = layout.width + 2 * MARGIN;
  const height = layout.height + 2 * MARGIN;
  const box = [-MARGIN, -MARGIN, width, height].map(String).join(' ');
  return (
    <figure class="graph">
      <Wide>
        <svg viewBox={box} width={width} height={height} role="group" aria-label={t('graph.title')}>
          <Groups layout={layout} />
          <Edges layout={layout} byName={byName} />
          {layout.nodes.map((node) => {
            const container = byName.get(node.name);
            return container === undefined ? null : (
              <Node key={node.name} node={node} container={container} />
            );
          })}
        </svg>
      </Wide>
      <figcaption class="quiet">{t('graph.legend')}</figcaption>
    </figure>
  );
}

function Groups({ layout }: { layout: GraphLayout }) {
  return (
    <>
      {layout.groups.map(({ project, x, y, width, height }) => (
        <g key={project ?? ''}>
          <rect class="group" x={x} y={y} width={width} height={height} rx={8} />
          <text class="title" x={x + 14} y={y + 20}>
            {project === null ? t('graph.noProject') : t('graph.project', { project })}
          </text>
        </g>
      ))}
    </>
  );
}

/** An arrow of one that is sick because of what it leads to is drawn stronger. */
function Edges({ layout, byName }: { layout: GraphLayout; byName: ReadonlyMap<string, ContainerView> }) {
  return (
    <g aria-hidden="true">
      <defs>
        {['plain', 'cause'].map((kind) => (
          <marker
            key={kind}
            id={`arrow-${kind}`}
            class={`arrow ${kind}`}
            viewBox="0 0 8 8"
            refX={7}
            refY={4}
            markerUnits="userSpaceOnUse"
            markerWidth={10}
            markerHeight={10}
            orient="auto"
          >
            <path d="M 0 0 L 8 4 L 0 8 z" />
          </marker>
        ))}
      </defs>
      {layout.edges.map(({ from, to, path }) => {
        const root = byName.get(from)?.root ?? null;
        const isCause = root !== null && root !== from && (root === to || byName.get(to)?.root === root);
        const kind = isCause ? 'cause' : 'plain';
        return (
          <path key={`${from} ${to}`} class={`edge ${kind}`} d={path} marker-end={`url(#arrow-${kind})`} />
        );
      })}
    </g>
  );
}

function Node({ node: { x, y }, container }: { node: PlacedNode; container: ContainerView }) {
  const [, navigate] = useLocation();
  const { name, state } = container;
  const isRoot = isRootCause(container);
  const tone = toneOf(state);
  const path = `/containers/${encodeURIComponent(name)}`;
  const go = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    navigate(path);
  };
  return (
    <a
      href={addressOf(path.slice(1))}
      class={`node ${tone}${isRoot ? ' root' : ''}`}
      onClick={go}
      data-node={name}
    >
      <title>{readable(name)}</title>
      <rect x={x} y={y} width={NODE_WIDTH} height={NODE_HEIGHT} rx={6} />
      <text class="name" x={x + 10} y={y + 19}>
        {fitting(readable(name))}
      </text>
      <text class="is" x={x + 10} y={y + 37}>
        {SIGNS[tone]} {word('state', state)}
        {isRoot ? ` · ${t('graph.root')}` : ''}
      </text>
    </a>
  );
}

/** It is sick, and nothing that it depends on explains it. */
export function isRootCause({ root, name }: ContainerView): boolean {
  return root === name;
}

/** By what takes the room of two Latin letters, too. */
function fitting(name: string): string {
  let width = 0;
  let end = 0;
  for (const letter of name) {
    width += letter.charCodeAt(0) > 0x2e7f ? 1.8 : 1;
    if (width > NAME_FITS) return `${name.slice(0, end)}…`;
    end += letter.length;
  }
  return name;
}
