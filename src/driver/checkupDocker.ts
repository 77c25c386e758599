/**
 * Looks at Docker and at every container once for a checkup: health, sessions, settings, and ghosts by a second look.
 * It asks only what changes nothing, keeps nothing, and gives what it has when its time is over.
 */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { monoMs, wallTime } from '../clock.ts';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { messageOf } from '../errors.ts';
import type { ContainerSeen, DockerSeen, Part, Unseen } from '../reconciler/checkup.ts';
import { celeryBeatsIn } from './celeryBeats.ts';
import { lookWithin, seen, unseen } from './checkupPart.ts';
import { countersOf } from './containerCgroup.ts';
import { whomItConcerns } from './containerExamination.ts';
import { objectIn, textIn } from './containerFacts.ts';
import { DockerCalls, type Inspected } from './docker.ts';
import { DockerFailure, type DockerTrouble } from './dockerFailure.ts';
import { countExecs, readLiveRestore } from './dockerLook.ts';
import { describeDockerTarget, isOnThisMachine, type DockerTarget } from './dockerTarget.ts';
import type { Machine } from './machineLook.ts';

export interface DockerCheckup {
  readonly target: DockerTarget;
  readonly machine: Promise<Machine>;
  readonly withinMs: number;
}

/** For its first word: a daemon that answers at all may be slow on a starved machine. */
const FIRST_WORD_MS = 4_000;
/** Each question by itself: a single container may hang the daemon's answer for it alone. */
const CALL_MS = 2_500;
const LOOKS_AT_ONCE = 8;
const LIFELESS_FOR_MS = 2_000;
/** Docker has containers here, whatever its socket says. */
const CONTAINERS = '/var/lib/docker/containers';

export async function checkupDocker(request: DockerCheckup): Promise<Part<DockerSeen>> {
  const calls = new DockerCalls(request.target, () => undefined, Math.min(FIRST_WORD_MS, request.withinMs));
  const endsMs = monoMs() + request.withinMs;
  try {
    const engine = await engineOf(calls);
    return seen(await everything(calls, engine, { machine: request.machine, endsMs }));
  } catch (error) {
    return failed(error, request.target);
  } finally {
    calls.end();
  }
}

/** The question for its version hangs with containerd; this one the daemon answers by itself, and its version stands above every answer. */
function engineOf(calls: DockerCalls): Promise<string> {
  return calls.ask({
    op: 'ping',
    what: 'the question whether it is there',
    allow: 'GET /_ping (PING=1 of docker-socket-proxy)',
    path: '/_ping',
    read: async (answer) => {
      answer.resume();
      return /^Docker\/(\S{1,100})/.exec(textIn(answer.headers.server))?.[1] ?? 'of unknown version';
    },
  });
}

function failed(error: unknown, target: DockerTarget): Part<never> {
  if (!(error instanceof DockerFailure)) return unseen('failed', messageOf(error));
  return unseen(whyOf(error.trouble, target), error.message);
}

function whyOf(trouble: DockerTrouble, target: DockerTarget): Unseen {
  switch (trouble) {
    case 'no socket':
      return target.kind === 'socket' && hasContainers() ? 'failed' : 'absent';
    case 'not permitted':
    case 'forbidden':
      return 'notPermitted';
    case 'too late':
      return 'late';
    case 'unreachable':
    case 'broken off':
    case 'refused':
    case 'garbage':
    case 'ended':
      return 'failed';
  }
}

function hasContainers(): boolean {
  try {
    return readdirSync(CONTAINERS).length > 0;
  } catch {
    return false;
  }
}

interface Looking {
  readonly machine: Promise<Machine>;
  readonly endsMs: number;
}

async function everything(calls: DockerCalls, engine: string, looking: Looking): Promise<DockerSeen> {
  const gaps: string[] = [];
  const note = (error: unknown): null => {
    gaps.push(messageOf(error));
    return null;
  };
  const list = await calls.list();
  const ids = list.map(({ id }) => id);
  // Side by side: on a starved machine each of them takes its time.
  const [machine, liveRestore, inspected] = await Promise.all([
    looking.machine,
    readLiveRestore(calls, CALL_MS).catch(note),
    inspectAll(calls, ids, { endsMs: looking.endsMs, note }),
  ]);
  const lifeless = await ghostsAmong(calls, inspected, { endsMs: looking.endsMs, gaps });
  const containers = await Promise.all(
    inspected.map((each) => lookAt(calls, each, { machine, endsMs: looking.endsMs, lifeless })),
  );
  return {
    engine,
    target: describeDockerTarget(calls.target),
    isHere: isOnThisMachine(calls.target),
    liveRestore,
    listed: list.length,
    containers: containers.sort((one, other) => (one.facts.name < other.facts.name ? -1 : 1)),
    gaps,
  };
}

async function inspectAll(
  calls: DockerCalls,
  ids: readonly string[],
  { endsMs, note }: { readonly endsMs: number; readonly note: (error: unknown) => null },
): Promise<Inspected[]> {
  const found: Inspected[] = [];
  const queue = [...ids];
  const next = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const leftMs = endsMs - monoMs();
      if (leftMs <= 0) return;
      const each = await calls.inspectWhole(id, Math.min(CALL_MS, leftMs)).catch(note);
      if (each !== null) found.push(each);
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, next));
  return found.map((each) => seenAgain(calls, each));
}

/** Whether /proc counts as Docker does is known for sure only once one container's process was found there. */
function seenAgain(calls: DockerCalls, { facts, json }: Inspected): Inspected {
  return { json, facts: { ...facts, process: calls.processes.look(facts.pid, facts.id) } };
}

/** By id since when: a process that has just ended is gone before Docker says so, so each is looked at twice. */
async function ghostsAmong(
  calls: DockerCalls,
  inspected: readonly Inspected[],
  { endsMs, gaps }: { readonly endsMs: number; readonly gaps: string[] },
): Promise<ReadonlyMap<string, string>> {
  const suspects = inspected.filter(({ facts }) => isLifeless(facts));
  const at = wallTime();
  if (suspects.length === 0) return new Map();
  if (endsMs - monoMs() < LIFELESS_FOR_MS) {
    for (const { facts } of suspects)
      gaps.push(
        `${facts.name} may be a ghost: its process is not there. There was no time for a second look.`,
      );
    return new Map();
  }
  await sleep(LIFELESS_FOR_MS);
  const leftMs = Math.max(1, endsMs - monoMs());
  const again = await Promise.all(
    suspects.map(({ facts }) => calls.inspectWhole(facts.id, Math.min(CALL_MS, leftMs)).catch(() => null)),
  );
  const ghosts = suspects.filter(({ facts }, index) => {
    const now = again[index]?.facts;
    return now !== undefined && now.pid === facts.pid && now.startedAt === facts.startedAt && isLifeless(now);
  });
  return new Map(ghosts.map(({ facts }) => [facts.id, at]));
}

function isLifeless({ status, process: state }: ContainerFacts): boolean {
  return status === 'running' && (state === 'gone' || state === 'zombie');
}

async function lookAt(
  calls: DockerCalls,
  inspected: Inspected,
  around: {
    readonly machine: Machine;
    readonly endsMs: number;
    readonly lifeless: ReadonlyMap<string, string>;
  },
): Promise<ContainerSeen> {
  const { facts, json } = inspected;
  const leftMs = Math.max(1, around.endsMs - monoMs());
  const execs = await countExecs(calls, inspected, Math.min(CALL_MS, leftMs));
  const isHere = isOnThisMachine(calls.target);
  const config = objectIn(json.Config);
  const labels = objectIn(config.Labels);
  const label = (name: string): string => textIn(labels[`com.docker.compose.${name}`]);
  return {
    facts,
    ...(isHere ? await beatsOf(facts) : {}),
    lifelessSince: around.lifeless.get(facts.id) ?? null,
    unprobedForMs: isHere ? unprobedForMs(facts) : null,
    ...whomItConcerns(inspected, { machine: around.machine, execs, isHere }),
    composeVersion: label('version') || null,
    composeFile: composeFile(label('project.working_dir'), label('project.config_files')),
    hasInit: objectIn(json.HostConfig).Init === true,
    oomKills: isHere && facts.pid !== 0 ? countersOf(facts.pid, facts.id).oomKills : null,
  };
}

/** A folder in a container may be one that hangs. */
const BEATS_MS = 1_000;

async function beatsOf(facts: ContainerFacts): Promise<Pick<ContainerSeen, 'celeryBeats'>> {
  const nowWallMs = Date.parse(wallTime());
  const look = await lookWithin('/tmp', BEATS_MS, async () => seen(await celeryBeatsIn(facts, nowWallMs)));
  return look.kind === 'unseen' || look.value === null ? {} : { celeryBeats: look.value };
}

function composeFile(folder: string, files: string): string | null {
  const [first = ''] = files.split(',');
  return folder === '' || first === '' ? null : resolve(folder, first);
}

/** One look has no other clock to go by than the one on the wall, which here is Docker's, too. */
function unprobedForMs({ status, health, healthCheck, startedAt }: ContainerFacts): number | null {
  if (status !== 'running' || healthCheck === null) return null;
  const last = Math.max(Date.parse(startedAt), Date.parse(health?.probes.at(-1)?.endedAt ?? startedAt));
  return Number.isNaN(last) ? null : Math.max(0, Date.parse(wallTime()) - last);
}
