/**
 * Puts into lines what was seen of a worker before and at its end: where its loop stood, its processes, its jobs, its last words.
 * It concludes nothing; every word comes from the incident's own record.
 */
import type { Autopsy, JobSeen } from '../driver/autopsy.ts';
import type { ProcessSeen } from '../driver/processSeen.ts';
import type { IncidentView } from '../supervisor/door.ts';
import { visible } from './output.ts';

const FRAMES_SHOWN = 8;
const LINES_SHOWN = 10;
const LONGEST_COMMAND = 120;

/** Nothing when nothing was kept of that end. */
export function endingLines(incident: IncidentView & { readonly autopsy: unknown }): string[] {
  const lines = isAutopsy(incident.autopsy) ? autopsyLines(incident.autopsy, incident) : [];
  const { lastLines, at } = incident;
  if (lastLines.length === 0) return lines;
  const shown = lastLines.slice(-LINES_SHOWN).map((line) => `    ${visible(line)}`);
  return [...lines, '', `Its last lines before it ended at ${at}:`, ...shown];
}

function autopsyLines(autopsy: Autopsy, { autopsyFile }: IncidentView): string[] {
  const { at, reason, stack, process, children, jobs } = autopsy;
  return [
    '',
    `Seen at ${at}, before it was ended for ${visible(reason)} (all of it: incidents/${visible(autopsyFile ?? '')}):`,
    `  process  ${processText(process)}`,
    ...children.map((child) => `  child    ${processText(child)}`),
    ...jobs.flatMap((job) => [
      `  job      ${visible(job.jobId)}${heardText(job)}`,
      ...job.lastLogLines.slice(-2).map((line) => `           log: ${visible(line)}`),
    ]),
    ...stackLines(stack),
  ];
}

function heardText({ takenAt, heardAt }: JobSeen): string {
  if (takenAt === null || heardAt === null) return ', taken after its last beat';
  return `, held since ${takenAt}, last heard ${heardAt}`;
}

function stackLines(stack: readonly string[] | null): string[] {
  if (stack === null)
    return [
      '  stack    none: neither the main loop nor the thread beside it answered (stopped, or in native code)',
    ];
  const more = stack.length - FRAMES_SHOWN;
  return [
    ...stack
      .slice(0, FRAMES_SHOWN)
      .map((frame, index) => `  ${index === 0 ? 'stack  ' : '       '}  ${visible(frame)}`),
    ...(more > 0 ? [`           and ${String(more)} more`] : []),
  ];
}

function processText({ pid, command, state, wchan, openFiles }: ProcessSeen): string {
  const where = wchan === null ? '' : `, waits in ${visible(wchan)}`;
  const files = openFiles === null ? '' : `, ${String(openFiles)} open files`;
  return `pid ${String(pid)} state ${state ?? 'gone'}${where}${files}: ${visible(command).slice(0, LONGEST_COMMAND)}`;
}

function isAutopsy(value: unknown): value is Autopsy {
  return typeof value === 'object' && value !== null && 'process' in value && 'jobs' in value;
}
