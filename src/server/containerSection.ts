/**
 * The status page's part on containers: what each is, what is done about it, and buttons that lead to a question first.
 * It says nothing at all where Docker has never been seen and no container is known.
 */
import { CONTAINER_STATES } from '../detector/container.ts';
import type { ContainersSummary, ContainerView, Door, MaintenanceView } from '../supervisor/door.ts';
import { maintenanceOf, maintenanceSentence } from './containerSentence.ts';
import { askButton, type PageWish } from './containerWish.ts';
import { html, type Markup } from './html.ts';

/** `mayAct`: somebody who is signed in and may operate; all others get no buttons. */
export function containerSection(door: Door, mayAct: boolean): Markup {
  const { docker, containers: summary } = door.snapshot();
  const containers = door.listContainers();
  if (!summary.listed && containers.length === 0)
    return html`<h2>Containers</h2>
      <p>${docker.detail}</p>`;
  const shown = sickFirst(containers).slice(0, CONTAINERS_SHOWN);
  const more = containers.length - shown.length;
  const problems = summary.problems.map((problem) => html`<li>${problem}</li>`);
  return html`<h2>Containers</h2>
    ${docker.state === 'up' ? html`` : html`<p class="state bad">${docker.detail}</p>`}
    ${summary.brake === null ? html`` : html`<p class="state bad">The brake is on: ${summary.brake}</p>`}
    ${maintenancePart(summary, containers, mayAct)}
    <ul>
      ${problems}
    </ul>
    ${containerTable(shown, summary, mayAct)}
    ${more > 0 ? html`<p class="quiet">And ${more} more: garrison get containers.</p>` : html``}`;
}

const CONTAINERS_SHOWN = 200;
const SCOPES_OFFERED = 50;

/** The worst first; those alike stay in their order. */
const WORST_FIRST: readonly ContainerView['state'][] = ['quarantined', 'ghost', 'unhealthy', 'healing'];

function sickFirst(containers: readonly ContainerView[]): readonly ContainerView[] {
  const rank = ({ state }: ContainerView): number => {
    const place = WORST_FIRST.indexOf(state);
    return place === -1 ? CONTAINER_STATES.length : place;
  };
  return [...containers].sort((a, b) => rank(a) - rank(b));
}

function maintenancePart(
  { maintenance }: ContainersSummary,
  containers: readonly ContainerView[],
  mayAct: boolean,
): Markup {
  const items = maintenance.map(
    (view) => html`<li>${maintenanceSentence(view)} ${mayAct ? endButton(view) : html``}</li>`,
  );
  return html`<ul>
      ${items}
    </ul>
    ${mayAct ? beginForm(containers) : html``}`;
}

function endButton({ scope }: MaintenanceView): Markup {
  return askButton({ verb: 'maintenanceOff', target: scope }, 'End it now');
}

function beginForm(containers: readonly ContainerView[]): Markup {
  const projects = [...new Set(containers.flatMap(({ project }) => project ?? []))];
  const scopes = [
    ...projects.map((project) => `project/${project}`),
    ...containers.map(({ name }) => `container/${name}`),
  ].slice(0, SCOPES_OFFERED);
  return html`<form method="get" action="ask">
    <input type="hidden" name="verb" value="maintenanceOn" />
    <label
      >Maintenance of
      <select name="target">
        <option value="all">all containers</option>
        ${scopes.map((scope) => html`<option>${scope}</option>`)}
      </select></label
    >
    <label
      >for
      <select name="forMs">
        ${LENGTHS.map(([forMs, words]) => html`<option value="${forMs}">${words}</option>`)}
      </select></label
    >
    <button>Begin…</button>
  </form>`;
}

const LENGTHS: readonly (readonly [number, string])[] = [
  [1_800_000, '30 minutes'],
  [7_200_000, '2 hours'],
  [28_800_000, '8 hours'],
];

function containerTable(
  containers: readonly ContainerView[],
  summary: ContainersSummary,
  mayAct: boolean,
): Markup {
  if (containers.length === 0) return html`<p>There is no container.</p>`;
  const titles = ['Container', 'State', 'Reason', 'Since', 'Root', 'Restarts', 'Zombies', 'Detail', 'Plan'];
  const rows = containers.map((container) => containerRow(container, summary, mayAct));
  return html`<table>
    <thead>
      <tr>
        ${titles.map((title) => html`<th scope="col">${title}</th>`)}
        ${mayAct ? html`<th scope="col">Do</th>` : html``}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function containerRow(container: ContainerView, summary: ContainersSummary, mayAct: boolean): Markup {
  const { name, state, reason, since, detail, root, zombies, heal } = container;
  const pause = maintenanceOf(container, summary);
  const paused = pause === undefined ? '' : ` In maintenance until ${pause.until}.`;
  const plan = heal.plan === '' ? `${heal.selection}: ${heal.because}` : heal.plan;
  return html`<tr>
    <td>${name}</td>
    <td class="state ${state === 'healthy' ? 'good' : 'bad'}">${state}</td>
    <td>${reason}</td>
    <td><time>${heal.quarantinedSince ?? since}</time></td>
    <td>${root ?? ''}</td>
    <td>${heal.restarts} of ${heal.budget}</td>
    <td>${zombies}</td>
    <td>${detail}</td>
    <td>${plan}${paused}</td>
    ${mayAct ? html`<td>${wishesFor(container).map(([words, wish]) => askButton(wish, words))}</td>` : html``}
  </tr>`;
}

/** In quarantine all else is refused. */
function wishesFor({ name, state, heal }: ContainerView): readonly (readonly [string, PageWish])[] {
  const target = `container/${name}`;
  const restart = ['Restart…', { verb: 'restart', target }] as const;
  if (heal.quarantinedSince !== null) return [['Clear quarantine…', { verb: 'clearQuarantine', target }]];
  return state === 'healthy' ? [restart] : [['Heal…', { verb: 'heal', target }], restart];
}
