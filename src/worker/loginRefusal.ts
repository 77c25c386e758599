/**
 * Finds out why a login was refused where the agent or the certificate that it was tried with can tell.
 * It looks only after the refusal, never tries another way in, and makes of no refusal anything but one with a better cure.
 */
import { readFileSync } from 'node:fs';
import { printable } from '../push/answer.ts';
import {
  certificateProblem,
  isCertificateType,
  readCertificate,
  type CertificateProblem,
} from '../push/certificate.ts';
import { refusalExplained } from '../push/hostResult.ts';
import { agentOf, type HostResult, type PushTask } from '../push/job.ts';
import type { SshEnding } from '../push/sshFailure.ts';
import { askAgent, type AgentAnswer } from '../sshAgent.ts';
import { certificateFileOf } from './certificateFile.ts';

/** The result itself where there is nothing more to say. */
export async function explainRefusal(
  task: PushTask,
  result: HostResult,
  { ending, nowMs }: { readonly ending: SshEnding; readonly nowMs: number },
): Promise<HostResult> {
  if (result.reason !== 'LoginRefused' && result.reason !== 'IdentityUnusable') return result;
  const agent = agentOf(task);
  const answer = agent === null ? null : await askAgent(agent);
  const said = answer === null ? null : agentProblem(answer, ending.stderr);
  if (agent !== null && said !== null)
    return refusalExplained(task, result, { reason: 'AgentUnusable', words: { agent, said } });
  return result.reason === 'LoginRefused' ? ofCertificate(task, result, { answer, nowMs }) : result;
}

function agentProblem(answer: AgentAnswer, stderr: string): string | null {
  if (answer.kind === 'none') return answer.said;
  const { length } = answer.keys;
  if (length === 0) return 'has no key (or is locked)';
  if (/agent refused operation|communication with agent failed/.test(stderr))
    return 'did not sign with its key';
  // Its keys are offered one after the other, and a server takes only so many tries.
  return /Too many authentication failures/.test(stderr)
    ? `has ${String(length)} keys, which are more than sshd there lets anybody try`
    : null;
}

interface Known {
  readonly answer: AgentAnswer | null;
  readonly nowMs: number;
}

/** One that is good is what the host did not believe; of those that are not, the first is the cause. */
function ofCertificate(task: PushTask, result: HostResult, { answer, nowMs }: Known): HostResult {
  const told = certificatesOf(task, answer).map(({ name, line }) => {
    const certificate = line === null ? null : readCertificate(line);
    const problem = certificate === null ? null : certificateProblem(certificate, nowMs);
    const said = certificate === null ? 'cannot be read' : problem === null ? null : problemText(problem);
    return { name, said, principals: certificate?.principals ?? [] };
  });
  const good = told.find((each) => each.said === null);
  if (good !== undefined) {
    const names = printable(good.principals.join(', ')).slice(0, 200);
    const said = names === '' ? 'it names no principal' : `it is for ${names}`;
    const words = { certificate: good.name, said };
    return refusalExplained(task, result, { reason: 'CertificateRefused', words });
  }
  const [bad] = told;
  if (bad === undefined) return result;
  const words = { certificate: bad.name, said: bad.said ?? '' };
  return refusalExplained(task, result, { reason: 'CertificateUnusable', words });
}

function problemText(problem: CertificateProblem): string {
  switch (problem.kind) {
    case 'forHosts':
      return 'is one for hosts, not for users';
    case 'ended':
      return `ended at ${momentText(problem.atMs)}`;
    case 'notBegun':
      return `begins only at ${momentText(problem.atMs)}`;
  }
}

function momentText(ms: number): string {
  const moment = new Date(ms);
  return Number.isNaN(moment.getTime()) ? 'a time beyond all' : moment.toISOString().replace('.000Z', 'Z');
}

interface Offered {
  readonly name: string;
  /** Null where it cannot be read. */
  readonly line: string | null;
}

/** As ssh finds them: the one that is named or else the one beside the key, and those of the agent. */
function certificatesOf(task: PushTask, answer: AgentAnswer | null): readonly Offered[] {
  const file = certificateFileOf(task);
  const line = textOf(file.path);
  const inFile = line === null && !file.isNamed ? [] : [{ name: file.path, line }];
  const inAgent = (answer?.kind === 'keys' ? answer.keys : [])
    .filter(({ type }) => isCertificateType(type))
    .map(({ type, base64 }) => ({ name: 'of the agent', line: `${type} ${base64}` }));
  return [...inFile, ...inAgent];
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
