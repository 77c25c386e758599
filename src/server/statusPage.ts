/**
 * The plain status page, for who runs no scripts: what the supervisor says of its workers, its queue, the containers and the last job on each host.
 * It never hides that it has gone stale, and no text of a host can become markup in it.
 */
import type { FastifyInstance } from 'fastify';
import type { Door, JobView, Snapshot, WorkerView } from '../supervisor/door.ts';
import { containerSection } from './containerSection.ts';
import { mayDo } from './guard.ts';
import { html, type Markup } from './html.ts';
import { sendPage } from './pageFrame.ts';
import { overallOf, workerCount } from './sentence.ts';
import { zombieSection } from './zombieSection.ts';

const JOBS_LOOKED_AT = 200;

/** Reloads at most every 2 s when something changed, and says when the connection is lost. */
const SCRIPT = `
const live = document.getElementById('live');
const events = new EventSource(new URL('api/v1/events', document.baseURI));
let due = false;
const reload = () => { if (!due) { due = true; setTimeout(() => location.reload(), 2000); } };
for (const name of ['worker', 'job', 'container', 'operation', 'supervisor']) events.addEventListener(name, reload);
let staleSince = null;
events.onopen = () => { staleSince = null; live.textContent = 'Live: the page follows every change.'; };
events.onerror = () => { staleSince ??= new Date().toLocaleTimeString(); live.textContent = 'Stale since ' + staleSince + ': no connection to the supervisor. What you see may be out of date.'; };
`;

export function addStatusPage(app: FastifyInstance, door: Door): void {
  app.get('/plain', async (request, reply) => {
    const snapshot = door.snapshot();
    const jobs = await lastJobs(door);
    const formToken = request.actor?.session?.formToken ?? '';
    const { actor } = request;
    const mayAct = actor !== null && mayDo(actor, 'operate') && actor.session !== null;
    const containers = containerSection(door, mayAct);
    return sendPage(reply, {
      title: snapshot.host,
      body: pageBody({ snapshot, jobs, formToken, containers, zombies: zombieSection(door) }),
      script: SCRIPT,
    });
  });
}

/** The page still opens when the jobs cannot be read, and says so. */
async function lastJobs(door: Door): Promise<LastJobs | null> {
  try {
    const { items, nextCursor } = await door.listJobs({ limit: JOBS_LOOKED_AT });
    const newest = [...items].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    const jobs = newest.filter(
      (job, index) => newest.findIndex((other) => other.host === job.host) === index,
    );
    return { jobs, lookedAt: items.length, areAll: nextCursor === null };
  } catch {
    return null;
  }
}

interface LastJobs {
  readonly jobs: readonly JobView[];
  readonly lookedAt: number;
  /** False when there are older jobs that were not looked at. */
  readonly areAll: boolean;
}

interface PageView {
  readonly snapshot: Snapshot;
  readonly jobs: LastJobs | null;
  readonly formToken: string;
  readonly containers: Markup;
  readonly zombies: Markup;
}

function pageBody({ snapshot, jobs, formToken, containers, zombies }: PageView): Markup {
  const { queue, redis } = snapshot;
  return html`<header>
      <form method="post" action="logout">
        <input type="hidden" name="form" value="${formToken}" /><button>Sign out</button>
      </form>
      <h1>Garrison on ${snapshot.host}</h1>
    </header>
    ${verdict(snapshot)}
    <p class="quiet" id="live" aria-live="polite">As of ${snapshot.observedAt}.</p>
    <h2>Workers</h2>
    ${table(['Worker', 'State', 'Reason', 'Since', 'Jobs', 'Restarts', 'Detail', 'Layer by layer'], snapshot.workers.map(workerRow))}
    <h2>Queue</h2>
    <p>${queue.detail} ${queue.waiting} waiting, ${queue.running} running. Redis: ${redis.detail}</p>
    ${otherSupervisors(snapshot)}
    <h2>Hosts, last job of each</h2>
    ${jobs === null ? html`<p>The jobs cannot be read just now.</p>` : jobTable(snapshot, jobs)} ${containers}
    ${zombies}
    <p class="quiet">
      Version ${snapshot.version}, process ${snapshot.pid}, started ${snapshot.startedAt}.
    </p>`;
}

/** Each by its own word, or since when there is none. */
function otherSupervisors({ fleet }: Snapshot): Markup {
  if (fleet === undefined) return html``;
  const rows = fleet.members.map(
    ({ name, presence, heardAt, detail }) =>
      html`<tr>
        <td>${name}</td>
        <td>${presence}</td>
        <td>${heardAt}</td>
        <td>${detail}</td>
      </tr>`,
  );
  return html`<h2>Other supervisors of this queue</h2>
    <p>${fleet.detail}</p>
    ${table(['Supervisor', 'State', 'Last heard', 'Detail'], rows)}`;
}

function verdict(snapshot: Snapshot): Markup {
  const { state, sentences } = overallOf(snapshot);
  const words = state === 'well' ? 'All well' : 'Degraded';
  return html`<p class="state ${state === 'well' ? 'good' : 'bad'}">
      ${words}: ${workerCount(snapshot.workers)}
    </p>
    <ul>
      ${sentences.map((sentence) => html`<li>${sentence}</li>`)}
    </ul>`;
}

function table(titles: readonly string[], rows: readonly Markup[]): Markup {
  return html`<table>
    <thead>
      <tr>
        ${titles.map((title) => html`<th scope="col">${title}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function workerRow(worker: WorkerView): Markup {
  const busy = `${String(worker.jobs.length - worker.riders)} of ${String(worker.slots)}`;
  return html`<tr>
    <td>${worker.name}</td>
    <td class="state ${worker.state === 'up' ? 'good' : 'bad'}">${worker.state}</td>
    <td>${worker.reason}</td>
    <td><time>${worker.since}</time></td>
    <td>${busy}</td>
    <td>${worker.restarts}</td>
    <td>${worker.detail}</td>
    <td>${truthList(worker)}</td>
  </tr>`;
}

/** The five truths, each with its evidence: which layer is bad decides what helps. */
function truthList({ truths }: WorkerView): Markup {
  const items = Object.entries(truths).map(
    ([name, { verdict, evidence, since }]) =>
      html`<li>
        ${name}: <span class="${verdict === 'bad' ? 'state bad' : 'quiet'}">${verdict}</span>, ${evidence}
        (since <time>${since}</time>)
      </li>`,
  );
  return html`<ul class="truths">
    ${items}
  </ul>`;
}

function jobTable({ hosts }: Snapshot, { jobs, lookedAt, areAll }: LastJobs): Markup {
  if (hosts.length === 0) return html`<p>There is no host yet: write inventory.yaml in the home folder.</p>`;
  const none = areAll ? 'none yet' : `none of the newest ${String(lookedAt)} jobs`;
  const rows = hosts.map((host) => {
    const job = jobs.find((candidate) => candidate.host === host.name);
    return html`<tr>
      <td>${host.name}</td>
      <td>${host.state}</td>
      <td>${job === undefined ? none : `${job.kind} ${job.account?.name ?? ''}`}</td>
      <td class="state">${job === undefined ? '' : (job.result?.outcome ?? job.state)}</td>
      <td>${job === undefined ? '' : html`<time>${job.since}</time>`}</td>
      <td>${job === undefined ? host.detail : (job.result?.detail ?? job.waitingFor ?? '')}</td>
    </tr>`;
  });
  return table(['Host', 'State', 'Job', 'Result', 'Since', 'Detail'], rows);
}
