/**
 * Finds out what restarting the Docker daemon would take along: containers, sessions, logins, and Garrison itself.
 * It restarts nothing and judges nothing.
 */
import { readFileSync } from 'node:fs';
import type { DockerExamination } from '../detector/containerFacts.ts';
import { messageOf } from '../errors.ts';
import { monoMs } from '../clock.ts';
import { whomItConcerns } from './containerExamination.ts';
import type { DockerCalls, Inspected } from './docker.ts';
import { countExecs, readLiveRestore } from './dockerLook.ts';
import { isOnThisMachine } from './dockerTarget.ts';
import { lookAtMachine, type Machine } from './machineLook.ts';

/** Never rejects. */
export async function examineDocker(calls: DockerCalls): Promise<DockerExamination> {
  const endsMs = monoMs() + DEADLINE_MS;
  const leftMs = (): number => Math.max(1, Math.ceil(endsMs - monoMs()));
  const gaps = new Set<string>();
  const note = (error: unknown): null => {
    gaps.add(messageOf(error));
    return null;
  };
  const [machine, liveRestore, ids] = await Promise.all([
    lookAtMachine(),
    readLiveRestore(calls, leftMs()).catch(note),
    calls.list().then(
      (list) => list.map(({ id }) => id),
      (error: unknown) => {
        note(error);
        return [];
      },
    ),
  ]);
  const found: Found[] = [];
  const queue = [...ids];
  const lookAtNext = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const inspected = await calls.inspectWhole(id, leftMs()).catch(note);
      if (inspected !== null && inspected.facts.pid !== 0)
        found.push(await lookAt(calls, inspected, { machine, deadlineMs: leftMs() }));
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lookAtNext));
  for (const { gaps: own } of found) for (const gap of own) gaps.add(gap);
  found.sort((one, other) => (one.container < other.container ? -1 : 1));
  return {
    liveRestore,
    loginsThrough: found.filter(({ sessions }) => sessions.carriesLogin).map(({ container }) => container),
    sessions: found.map(({ container, sessions }) => ({ container, sessions })),
    endsUs: endsUs(found, liveRestore),
    gaps: [...gaps],
  };
}

const DEADLINE_MS = 10_000;
const LOOKS_AT_ONCE = 8;

type Found = ReturnType<typeof whomItConcerns> & { readonly container: string };

async function lookAt(
  calls: DockerCalls,
  inspected: Inspected,
  { machine, deadlineMs }: { readonly machine: Machine; readonly deadlineMs: number },
): Promise<Found> {
  const execs = await countExecs(calls, inspected, deadlineMs);
  const isHere = isOnThisMachine(calls.target);
  return { container: inspected.facts.name, ...whomItConcerns(inspected, { machine, execs, isHere }) };
}

function endsUs(found: readonly Found[], liveRestore: boolean | null): string | null {
  const own = found.find(({ isOwn }) => isOwn);
  if (own !== undefined && liveRestore !== true)
    return `Garrison itself runs in the container ${own.container}, which ends with the Docker daemon.`;
  // In the service's cgroup, as when it was started by the daemon, everything is systemd's to end.
  if (/\/docker\.service(?:\/|$)/m.test(readFileSync('/proc/self/cgroup', 'utf8')))
    return 'Garrison itself runs in the cgroup of docker.service, and may be ended with it.';
  return null;
}
