/**
 * Says of a JumpServer's celery containers whether their workers still beat, by the files that they touch.
 * It never takes a beat as proof that jobs are done: a timer runs, and no more is known.
 */
import type { Checkup, ContainerSeen } from './checkup.ts';
import { nameForShell } from './containerCure.ts';
import { finding, many, named, type Finding, type Topic } from './finding.ts';

/** JumpServer's own health check calls a worker dead from then on; it touches the file every 10 s. */
const STALE_AFTER_MS = 20_000;

export function celeryFindings(checkup: Checkup): Topic {
  if (checkup.docker.kind === 'unseen') return { findings: [], well: [] };
  const { containers } = checkup.docker.value;
  const { docker } = checkup.commands;
  return {
    findings: containers.flatMap((seen) => staleFinding(seen, docker)),
    well: containers.flatMap(wellLine),
  };
}

function staleFinding({ facts, celeryBeats }: ContainerSeen, docker: string): readonly Finding[] {
  const stale = (celeryBeats ?? []).filter(({ ageMs }) => ageMs >= STALE_AFTER_MS);
  if (stale.length === 0) return [];
  const workers = stale.map(({ worker }) => worker);
  return [
    finding('warning', 'CeleryBeatOld', {
      what: `${facts.name}: ${named(workers)} ${stale.length === 1 ? 'has' : 'have'} not beaten for more than 20 s, and may be hung or busy.`,
      evidence: stale.map(
        ({ worker, ageMs }) =>
          `/tmp/worker_heartbeat_${worker} in it was touched ${many(Math.floor(ageMs / 1000), 'second')} ago.`,
      ),
      next: `${docker} logs --tail 50 ${nameForShell(facts)}`,
    }),
  ];
}

function wellLine({ facts, celeryBeats }: ContainerSeen): readonly string[] {
  const fresh = (celeryBeats ?? []).filter(({ ageMs }) => ageMs < STALE_AFTER_MS);
  if (fresh.length === 0) return [];
  const workers = named(fresh.map(({ worker }) => worker));
  return [
    `${facts.name}: ${workers} ${fresh.length === 1 ? 'beats' : 'beat'}, which says nothing of its jobs.`,
  ];
}
