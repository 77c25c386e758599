/**
 * Decides for each connection of the control socket who is at its other end, and whether that one may do what it asks.
 * It believes the kernel alone: nothing in a request says who it is from.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { peerRole, type Peer, type PeerPolicy, type PeerRole } from '../detector/peerRole.ts';
import { decorate } from './guard.ts';
import type { SocketOpening } from './listen.ts';
import { problem, sendProblem, type Problem } from './problem.ts';

export interface ControlAccess {
  /** By the descriptor of a connection; null when the kernel does not tell. */
  readonly peerOf: (fd: number) => Peer | null;
  readonly nameOf: (uid: number) => string | null;
  /** `group`: the name of `groupGid`. */
  readonly policy: PeerPolicy & { readonly group: string | null };
  /** null: it stays 0600, in the home folder, which is 0700. */
  readonly opening: SocketOpening | null;
}

/** Of those who may not operate, together: however many they open, there is room for whoever has to mend something. */
const MOST_OTHERS = 256;
const OWNERS_ALONE = 0o600;

interface Verdict {
  readonly role: PeerRole;
  /** As the journal has it. */
  readonly actor: string;
  /** For people; null when nobody is known. */
  readonly who: { readonly name: string; readonly uid: number } | null;
}

/** `access`: null where nobody else's process can connect and nobody is asked for: everything is the operator's. */
export function guardControl(app: FastifyInstance, access: ControlAccess | null): void {
  decorate(app);
  const verdictOf = access === null ? () => UNASKED : verdicts(app, access);
  app.addHook('onRequest', async (request, reply) => {
    const verdict = verdictOf(request.raw.socket);
    const { role, actor } = verdict;
    if (role !== 'none')
      request.actor = { name: actor, scope: role === 'operate' ? 'admin' : 'read', session: null };
    if (role === 'operate' || isPublic(request)) return undefined;
    if (role === 'read' && isLook(request)) return undefined;
    return sendProblem(reply, refusal(verdict, access?.policy.group ?? null));
  });
}

const UNASKED: Verdict = { role: 'operate', actor: 'local', who: null };
const UNKNOWN: Verdict = { role: 'none', actor: 'unknown', who: null };

/** Once for each connection: its peer was noted by the kernel when it connected, and does not change. */
function verdicts(app: FastifyInstance, access: ControlAccess): (socket: Socket) => Verdict {
  const known = new WeakMap<Socket, Verdict>();
  let others = 0;
  app.server.on('connection', (socket: Socket) => {
    const verdict = judge(socket, access);
    known.set(socket, verdict);
    if (verdict.role === 'operate') return;
    others += 1;
    socket.once('close', () => (others -= 1));
    if (others > MOST_OTHERS) socket.destroy();
  });
  return (socket) => known.get(socket) ?? UNKNOWN;
}

function judge(socket: Socket, { peerOf, nameOf, policy, opening }: ControlAccess): Verdict {
  const peer = peerOf(descriptorOf(socket));
  if (peer === null) {
    // The kernel itself let in only the owner and root: the socket is 0600 in a folder that is 0700.
    return opening === null || opening.mode === OWNERS_ALONE ? UNASKED : UNKNOWN;
  }
  const name = plainName(nameOf(peer.uid)) ?? String(peer.uid);
  return { role: peerRole(peer, policy), actor: `local:${name}`, who: { name, uid: peer.uid } };
}

/** -1 when the connection is closed already. Node has no public way to it. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: unknown } | null };
  return typeof handle?.fd === 'number' ? handle.fd : -1;
}

/** It goes into the journal, messages and headings as it is. */
function plainName(name: string | null): string | null {
  return name !== null && /^[\w.][\w.@-]{0,62}\$?$/.test(name) ? name : null;
}

function isPublic({ is404, routeOptions }: FastifyRequest): boolean {
  return !is404 && routeOptions.config.access === 'public';
}

/** What a token of scope `read` may, and of that what only looks. */
function isLook({ is404, method, routeOptions }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return is404 || (routeOptions.config.access ?? 'read') === 'read';
}

function refusal({ role, who }: Verdict, group: string | null): Problem {
  const may = group === null ? 'root may' : `root and members of the group ${group} may`;
  if (who === null) return problem('NOT_PERMITTED', `the kernel does not tell who asks; ${may}`);
  const subject = who.name === String(who.uid) ? `uid ${who.name}` : `${who.name} (uid ${String(who.uid)})`;
  const what = role === 'read' ? 'may only look' : 'may not talk to this supervisor';
  return problem('NOT_PERMITTED', `${subject} ${what}: ${may}`, cureFor(who.name, group));
}

function cureFor(name: string, group: string | null): string {
  if (group === null) return 'run the command with sudo, or ask root';
  return `run the command with sudo, or ask root to make you a member of the group ${group}: usermod -aG ${group} ${name}, then log in anew`;
}
