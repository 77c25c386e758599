/**
 * Looks at one container as a whole before anything is done to it: whom that would interrupt, and what it would destroy the traces of.
 * It changes nothing, judges nothing, and is over in three seconds whatever Docker does.
 */
import { monoMs, wallTime } from '../clock.ts';
import type { ContainerExamination, ContainerSessions } from '../detector/containerFacts.ts';
import { messageOf } from '../errors.ts';
import { composeAtWork } from './composeAtWork.ts';
import { countersOf, NO_COUNTERS } from './containerCgroup.ts';
import { evidenceOf, keepEvidence, type EvidenceParts } from './containerEvidence.ts';
import { isOwnContainer, sessionsOf } from './containerSessions.ts';
import type { DockerCalls, Inspected } from './docker.ts';
import { readLogs } from './dockerLogs.ts';
import { countExecs, readTop } from './dockerLook.ts';
import { isOnThisMachine } from './dockerTarget.ts';
import { lookAtMachine, processesIn, type Machine } from './machineLook.ts';
import { seeProcess, type ProcessSeen } from './processSeen.ts';

export interface Examined {
  /** Null when it is gone, or Docker does not answer at all. */
  readonly examination: ContainerExamination | null;
  /** A sentence part. */
  readonly detail: string;
}

/** Where the evidence goes; null keeps none. */
export type Keep = { readonly homeDir: string; readonly why: string } | null;

/** Never rejects: what nobody has thought of stands in the way of a deed, and of nothing else. */
export async function examineContainer(calls: DockerCalls, id: string, keep: Keep): Promise<Examined> {
  try {
    return await examined(calls, id, keep);
  } catch (error) {
    return { examination: null, detail: messageOf(error).replace(/\.$/, '') };
  }
}

async function examined(calls: DockerCalls, id: string, keep: Keep): Promise<Examined> {
  const endsMs = monoMs() + DEADLINE_MS;
  const leftMs = (): number => Math.max(1, Math.ceil(endsMs - monoMs()));
  const inspected = await calls.inspectWhole(id, leftMs());
  if (inspected === null) return { examination: null, detail: 'it is gone' };
  const at = wallTime();
  const [machine, execs, traces] = await Promise.all([
    lookAtMachine(),
    countExecs(calls, inspected, leftMs()),
    keep === null ? null : tracesOf(calls, inspected, leftMs()),
  ]);
  const isHere = isOnThisMachine(calls.target);
  const seen = whomItConcerns(inspected, { machine, execs, isHere });
  const gaps = [...seen.gaps, ...(traces?.gaps ?? [])];
  if (keep === null || traces === null)
    return { examination: { ...seen, gaps, bundleFile: null }, detail: '' };
  const kept = await keepParts(keep.homeDir, inspected, {
    ...{ why: keep.why, at, logs: traces.logs, top: traces.top, gaps },
    ...{ sessions: seen.sessions, composeAtWork: seen.composeAtWork },
    processes: isHere ? processesSeen(inspected, machine) : null,
    counters: countersIn(inspected, isHere),
  });
  return { examination: { ...seen, gaps: [...gaps, ...kept.gaps], bundleFile: kept.file }, detail: '' };
}

/** What needs no evidence kept. */
export function whomItConcerns(
  { facts }: Inspected,
  {
    machine,
    execs,
    isHere,
  }: {
    readonly machine: Machine;
    readonly execs: { readonly count: number; readonly gaps: readonly string[] };
    readonly isHere: boolean;
  },
): Omit<ContainerExamination, 'bundleFile'> {
  const { connections, carriesLogin, gaps } = sessionsOf(facts, machine, isHere);
  const sessions: ContainerSessions = { connections, execs: execs.count, carriesLogin };
  return {
    sessions,
    isOwn: isOwnContainer(facts.id),
    composeAtWork: composeAtWork(facts, machine),
    gaps: [...(machine.limited === null ? [] : [machine.limited]), ...gaps, ...execs.gaps],
  };
}

const DEADLINE_MS = 3_000;
const MOST_PROCESSES = 500;

type Traces = Pick<EvidenceParts, 'logs' | 'top' | 'gaps'>;

async function tracesOf(calls: DockerCalls, { facts, json }: Inspected, deadlineMs: number): Promise<Traces> {
  const gaps: string[] = [];
  const orGap = async <T>(question: Promise<T>): Promise<T | null> => {
    try {
      return await question;
    } catch (error) {
      gaps.push(messageOf(error));
      return null;
    }
  };
  const isTerminal = (json.Config as { readonly Tty?: unknown } | undefined)?.Tty === true;
  const [logs, top] = await Promise.all([
    orGap(readLogs(calls, facts.id, { isTerminal, deadlineMs })),
    // Docker lists processes only of one that runs.
    facts.pid === 0 ? null : orGap(readTop(calls, facts.id, deadlineMs)),
  ]);
  if (logs !== null && logs.gap !== null) gaps.push(logs.gap);
  return { logs: logs?.lines ?? null, top, gaps };
}

function processesSeen({ facts }: Inspected, machine: Machine): readonly ProcessSeen[] {
  return processesIn(machine, facts.id)
    .slice(0, MOST_PROCESSES)
    .map(({ pid }) => seeProcess(pid));
}

function countersIn({ facts: { pid, id } }: Inspected, isHere: boolean): EvidenceParts['counters'] {
  return isHere && pid !== 0 ? countersOf(pid, id) : NO_COUNTERS;
}

async function keepParts(
  homeDir: string,
  inspected: Inspected,
  parts: EvidenceParts,
): Promise<{ file: string | null; gaps: readonly string[] }> {
  try {
    return { file: await keepEvidence(homeDir, evidenceOf(inspected, parts)), gaps: [] };
  } catch (error) {
    return { file: null, gaps: [`The evidence could not be kept: ${messageOf(error)}.`] };
  }
}
