/**
 * The words that a worker sends to the script on a host: a task becomes lines of base64 that a here-document carries.
 * It sends nothing that was not checked: no value can become shell text, a file name of another kind, or an argument of ssh.
 */
import { GarrisonError, unreachable } from '../errors.ts';
import { optionProblem, type HostWay, type JumpHost } from '../hostWay.ts';
import { checkAccountName, checkAccountWish, sudoFileName, sudoRule, type AccountWish } from './account.ts';
import { isJobId, isOfHost, type PlanAgreed, type PushTask } from './job.ts';
import { checkPasswordHash } from './passwordHash.ts';

/** What one attempt adds to its task. */
export interface RequestExtras {
  /** Marks the host's lines of this attempt. */
  readonly nonce: string;
  /** Goes into the GECOS field of an account made by this attempt. */
  readonly token: string;
  readonly askedAt: string;
  /** The script ends itself after this time. */
  readonly deadlineSeconds: number;
  readonly lockWaitSeconds: number;
}

const BLOB_LINE = 200;

/** The data as base64 lines and the line that proves them whole. Throws GarrisonError where the task may not be sent. */
export function requestLines(task: PushTask, extras: RequestExtras): string[] {
  const fields: [string, string][] = [
    ['kind', task.kind],
    ['nonce', extras.nonce],
    ['job', task.jobId],
    ['cluster', task.fence.clusterId],
    ['epoch', String(task.fence.epoch)],
    ['counter', String(task.fence.counter)],
    ['at', extras.askedAt],
    ['token', extras.token],
    ['deadline', String(extras.deadlineSeconds)],
    ['wait', String(extras.lockWaitSeconds)],
    ['login', task.host.user],
    ...accountFields(task),
  ];
  const blob = btoa(fields.map(([field, value]) => `${field} ${value}\n`).join(''));
  const lines = blob.match(new RegExp(`.{1,${String(BLOB_LINE)}}`, 'g')) ?? [];
  return [...lines, `end ${String(blob.length)}`];
}

function accountFields(task: PushTask): [string, string][] {
  if (task.account === null) return [];
  switch (task.kind) {
    case 'check':
    case 'survey':
      return [];
    case 'remove':
      return revokeFields(task.account.name);
    case 'undo':
      return undoFields(task.account.name, task);
    case 'revoke':
      return [...revokeFields(task.account.name), ...agreedFields(task)];
    case 'push':
      return [...wishFields(task), ...agreedFields(task)];
    case 'plan':
      return planFields(task.account.name, task);
    default:
      return unreachable(task.kind);
  }
}

function planFields(name: string, task: PushTask): [string, string][] {
  const { planOf = 'push' } = task;
  switch (planOf) {
    case 'push':
      return wishFields(task);
    case 'revoke':
      return revokeFields(name);
    case 'undo':
      return undoFields(name, task);
    default:
      return unreachable(planOf);
  }
}

function undoFields(name: string, { undoOf = '' }: PushTask): [string, string][] {
  return [...revokeFields(name), ['undoof', undoOf]];
}

function revokeFields(name: string): [string, string][] {
  checkAccountName(name);
  return [
    ['name', name],
    ['sudofile', sudoFileName(name)],
  ];
}

/** What comes back from a person's yes: a digest of the host's own, and words of ours. */
function agreedFields({ agreed }: PushTask): [string, string][] {
  if (agreed === undefined) return [];
  return [
    ['expectdigest', agreed.digest],
    ['expectchanges', agreed.changes.join(',')],
  ];
}

function wishFields(task: PushTask): [string, string][] {
  if (task.account === null) return [];
  const wish = checkAccountWish(task.account);
  const rule = sudoRule(wish.name, wish.sudo);
  return [
    ['name', wish.name],
    ['comment', wish.comment],
    ['shell', wish.shell ?? ''],
    ...wish.keys.map((key): [string, string] => ['key', key]),
    ...wish.groups.map((group): [string, string] => ['group', group]),
    ['sudofile', sudoFileName(wish.name)],
    ...claimFields(wish),
    ...passwordFields(task),
    ['sudowish', wish.sudo.kind],
    ['granted', task.granted === true ? 'yes' : 'no'],
    ['sudohead', `# Garrison ${task.fence.clusterId} wrote this file and its next push restores it.`],
    ...(rule === null ? [] : [['sudorule', rule] satisfies [string, string]]),
  ];
}

/** Of a plan too: only the host can say whether it is the password that is there, and neither leaves it for that. */
function passwordFields({ account, secrets }: PushTask): [string, string][] {
  if (account?.passwordHash === undefined) return [];
  if (secrets === undefined)
    throw new GarrisonError(
      'ACCOUNT_INVALID',
      `the password hash of ${account.name} did not come with the task`,
    );
  return [['passwordhash', checkPasswordHash(secrets.passwordHash)]];
}

function claimFields({ claim = 'none', privileged = false }: AccountWish): [string, string][] {
  if (claim === 'none') return [];
  return [['claim', claim], ...(privileged ? [['privileged', 'yes'] satisfies [string, string]] : [])];
}

/** Why this task may not be sent at all, or null. What passes can be a file name, an ssh argument and a line of data. */
export function taskProblem(task: PushTask): string | null {
  if (!isWord(task.jobId)) return 'the job id is not a plain word';
  if (!isWord(task.fence.clusterId)) return 'the cluster id is not a plain word';
  if (!isCount(task.fence.epoch) || !isCount(task.fence.counter))
    return 'the fence is not made of whole numbers';
  const badAddress = addressProblem(task.host);
  if (badAddress !== null) return badAddress;
  const badWay = wayProblem(task.host.way);
  if (badWay !== null) return badWay;
  if (task.agreed !== undefined && !isAgreement(task.agreed))
    return 'what was agreed on is not a plan of ours';
  if (takesBack(task) && !isJobId(task.undoOf)) return 'the job does not say which one it takes back';
  const agent = task.ssh.agent ?? null;
  if (agent !== null && optionProblem('IdentityAgent', agent) !== null)
    return 'the agent of ssh has no absolute, plain path';
  const paths = [task.ssh.identityFile, ...task.ssh.knownHostsFiles];
  if (paths.some((path) => !path.startsWith('/') || /[\x00-\x1f\x7f"]|\$\{/.test(path)))
    return 'a file of ssh has no absolute, plain path';
  if (!isOfHost(task.kind) && task.account === null) return 'the job names no account';
  return null;
}

function takesBack({ kind, planOf }: PushTask): boolean {
  return kind === 'undo' || (kind === 'plan' && planOf === 'undo');
}

function addressProblem(host: JumpHost): string | null {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(host.name)) return 'the host name is not a plain word';
  if (!/^[A-Za-z0-9:][A-Za-z0-9.:%_-]{0,252}$/.test(host.address))
    return 'the address is neither a name nor an IP address';
  if (!isCount(host.port) || host.port < 1 || host.port > 65535) return 'the port is not between 1 and 65535';
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/.test(host.user)) return 'the login user is not a user name';
  return null;
}

function wayProblem(way: HostWay = {}): string | null {
  const { jump, options = {} } = way;
  for (const [name, value] of Object.entries(options)) {
    const problem = optionProblem(name, value);
    if (problem !== null) return `the ssh option ${name} ${problem}`;
  }
  return jump === undefined ? null : addressProblem(jump);
}

function isAgreement({ digest, changes }: PlanAgreed): boolean {
  return /^[0-9a-f]{6,64}$/.test(digest) && changes.every((code) => /^[a-z-]{1,32}$/.test(code));
}

function isWord(text: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(text);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < 1e15;
}
