/**
 * Gathers all that a checkup looks at, each part by itself and bounded, under one deadline for all.
 * It writes no file, takes no lock, sends no signal, and needs nothing to run.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { wallTime } from '../clock.ts';
import { loadConfig, type GarrisonConfig } from '../config.ts';
import { DOCKER_SOCKET } from '../configSchema.ts';
import type { Kinship, ZombieParent } from '../detector/zombie.ts';
import { messageOf } from '../errors.ts';
import type { ControlDoor } from '../home.ts';
import type {
  Checkup,
  ConfigSeen,
  CountedZombie,
  Part,
  RedisSeen,
  ZombiesCounted,
} from '../reconciler/checkup.ts';
import { redisTarget } from '../redisSettings.ts';
import { ownVersion } from '../version.ts';
import { checkupDocker } from './checkupDocker.ts';
import {
  checkupClock,
  checkupCounts,
  checkupDisks,
  checkupMemory,
  checkupPressure,
} from './checkupMachine.ts';
import { lookWithin, seen, unseen, whyOf } from './checkupPart.ts';
import { checkupRedis } from './checkupRedis.ts';
import { checkupSshd } from './checkupSshd.ts';
import { checkupSupervisor, type SupervisorCheckup } from './checkupSupervisor.ts';
import { checkupUnits } from './checkupUnits.ts';
import { dockerTarget } from './dockerSetting.ts';
import { describeDockerTarget, type DockerTarget } from './dockerTarget.ts';
import { supervisorPidOf } from './lockHolder.ts';
import { lookAtMachine, type Machine } from './machineLook.ts';
import { embeddedSocket } from './redisServer.ts';
import { lookOnce, type ZombiesSeen } from './zombieScan.ts';

export interface CheckupRequest extends ControlDoor {
  readonly configFile: string | null;
  /** All is over by then. */
  readonly withinMs: number;
  /** As people call Garrison from where they are. */
  readonly garrison: string;
}

export interface Taken {
  readonly checkup: Checkup;
  /** The supervisor's own picture, as it gave it; null when it gave none. */
  readonly status: unknown;
}

const NO_MACHINE: Machine = {
  processes: [],
  logins: [],
  own: new Set(),
  limited: 'The processes of this machine could not all be looked at in time.',
};
/** For each part that answers at once or not at all. */
const PART_MS = 4_000;
/** Zombies that their parent is about to reap are gone after it. */
const ZOMBIES_AGAIN_MS = 500;
const FOLDERS = ['/', '/tmp', '/var/log', '/var/lib/docker'];

/** Never rejects. */
export async function takeCheckup(request: CheckupRequest): Promise<Taken> {
  const { home, garrison } = request;
  const config = configOf(request);
  const docker: DockerTarget =
    config.kind === 'seen' ? dockerTarget(config.value) : { kind: 'socket', path: DOCKER_SOCKET };
  const { zombies, ...parts } = await partsOf(request, config, docker);
  const { supervisor } = parts;
  const checkup: Checkup = {
    at: wallTime(),
    isRoot: process.getuid?.() === 0,
    home,
    version: ownVersion(),
    commands: { garrison, docker: dockerCommand(docker) },
    config: config.kind === 'unseen' ? config : seen(settingsIn(config.value)),
    ...parts,
    zombies: counted(zombies, supervisor),
    ...(await countedByKernel(supervisorPidOf(home))),
  };
  return { checkup, status: supervisor.kind === 'seen' ? supervisor.value.status : null };
}

function settingsIn({ redis, containers }: GarrisonConfig): ConfigSeen {
  return { redis: redis.mode, dependsOn: containers.dependsOn };
}

/** All at once; none waits for another but for the one look at the machine's processes. */
async function partsOf(
  { home, socketPath, withinMs }: CheckupRequest,
  config: Part<GarrisonConfig>,
  target: DockerTarget,
) {
  const partMs = Math.min(PART_MS, withinMs * OWN_SHARE);
  const machine = machineWithin(partMs / 2);
  const [supervisor, zombies, docker, redis, disks, sshd, units] = await Promise.all([
    lookWithin('The supervisor', withinMs, () => checkupSupervisor({ home, socketPath }, partMs)),
    lookWithin('/proc', withinMs, zombiesTwice),
    lookWithin(`Docker at ${safely(target)}`, withinMs, () =>
      checkupDocker({ target, machine, withinMs: withinMs * OWN_SHARE }),
    ),
    lookWithin('Redis', withinMs, () => redisOf(config, home, partMs)),
    lookWithin('The disks', withinMs, () => checkupDisks([nearestFolder(home), ...FOLDERS], partMs)),
    lookWithin('sshd', withinMs, async () => checkupSshd(await machine, partMs)),
    lookWithin('systemd', withinMs, () => checkupUnits(partMs)),
  ]);
  return { supervisor, zombies, docker, redis, disks, sshd, units };
}

/** Each part gives up by itself before the deadline for all, and says then what it knows. */
const OWN_SHARE = 0.85;

async function countedByKernel(
  supervisorPid: number | null,
): Promise<Pick<Checkup, 'counts' | 'memory' | 'pressure' | 'clock'>> {
  return {
    counts: await lookWithin('The kernel', PART_MS, async () => checkupCounts(supervisorPid)),
    memory: await lookWithin('The kernel', PART_MS, async () => checkupMemory(supervisorPid)),
    pressure: await lookWithin('The kernel', PART_MS, async () => checkupPressure()),
    clock: await lookWithin('The kernel', PART_MS, async () => checkupClock()),
  };
}

function configOf({ home, configFile }: CheckupRequest): Part<GarrisonConfig> {
  const files = [configFile ?? join(home, 'garrison.yaml'), join(home, 'inventory.yaml')];
  const hidden = files.find((file) => isHidden(file));
  if (hidden !== undefined)
    return unseen(
      'notPermitted',
      `${hidden} may not be read by this user; what follows goes by the defaults.`,
    );
  try {
    return seen(loadConfig({ home, configFile }));
  } catch (error) {
    return unseen('failed', messageOf(error).replaceAll(/\s*\n\s*/g, ' '));
  }
}

/** That says nothing about what is in it. */
function isHidden(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return false;
  } catch (error) {
    return whyOf(error) === 'notPermitted';
  }
}

function redisOf(config: Part<GarrisonConfig>, home: string, withinMs: number): Promise<Part<RedisSeen>> {
  const setting = config.kind === 'seen' ? config.value.redis : ({ mode: 'embedded' } as const);
  return checkupRedis(redisTarget(setting, embeddedSocket(home), process.env), withinMs);
}

function machineWithin(withinMs: number): Promise<Machine> {
  const looked = lookWithin('/proc', withinMs, async () => seen(await lookAtMachine()));
  return looked.then((look) => (look.kind === 'seen' ? look.value : NO_MACHINE));
}

interface SeenTwice {
  readonly now: ZombiesSeen;
  /** Of those that were there half a second before, `pid@start`. */
  readonly before: ReadonlySet<string>;
}

async function zombiesTwice(): Promise<Part<SeenTwice>> {
  const first = await lookOnce();
  if (first.seen.length === 0) return seen({ now: first, before: new Set<string>() });
  await sleep(ZOMBIES_AGAIN_MS);
  const now = await lookOnce();
  return seen({ now, before: new Set(first.seen.map(keyOf)) });
}

function keyOf({ pid, startTicks }: { readonly pid: number; readonly startTicks: number }): string {
  return `${String(pid)}@${String(startTicks)}`;
}

/** One that was there at the first look, too, lasts. Since when it is dead nobody can tell; not since before its start. */
const LONG_DEAD_MS = 60_000;
const TICKS_PER_SECOND = 100;

function processAgeMs(startTicks: number): number {
  const upSeconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return Math.max(0, upSeconds * 1000 - (startTicks * 1000) / TICKS_PER_SECOND);
}

function counted(zombies: Part<SeenTwice>, supervisor: Part<SupervisorCheckup>): Part<ZombiesCounted> {
  if (zombies.kind === 'unseen') return zombies;
  const { now, before } = zombies.value;
  const kinshipOf = kinships(supervisor);
  const lasting = now.seen.filter((zombie) => before.has(keyOf(zombie)));
  return seen({
    limited: now.limited,
    zombies: lasting.map(({ pid, startTicks, command, parentPid, parent }): CountedZombie => ({
      ...{ pid, command, parentPid, parent },
      kinship: kinshipOf(parent),
      ageMs: Math.min(LONG_DEAD_MS, processAgeMs(startTicks)),
    })),
  });
}

function kinships(supervisor: Part<SupervisorCheckup>): (parent: ZombieParent | null) => Kinship {
  const seenPart = supervisor.kind === 'seen' ? supervisor.value : null;
  const workers = workersIn(seenPart?.status);
  return (parent) => {
    if (parent === null) return { kind: 'other' };
    if (parent.pid === seenPart?.pid) return { kind: 'us' };
    const worker = workers.get(keyOf(parent));
    return worker === undefined ? { kind: 'other' } : { kind: 'worker', worker };
  };
}

/** By `pid@start`; whatever else an answer of another version holds is passed over. */
function workersIn(status: unknown): ReadonlyMap<string, string> {
  const { workers } = (status ?? {}) as { workers?: unknown };
  const found = new Map<string, string>();
  for (const each of Array.isArray(workers) ? (workers as unknown[]) : []) {
    const { name, incarnation } = (each ?? {}) as { name?: unknown; incarnation?: unknown };
    const { pid, startTicks } = (incarnation ?? {}) as { pid?: unknown; startTicks?: unknown };
    if (typeof name === 'string' && typeof pid === 'number' && typeof startTicks === 'number')
      found.set(keyOf({ pid, startTicks }), name);
  }
  return found;
}

/** The home may not have been made yet. */
function nearestFolder(folder: string): string {
  let at = folder;
  while (!existsSync(at) && at !== dirname(at)) at = dirname(at);
  return at;
}

/** So that what is copied reaches the same Docker. */
function dockerCommand(target: DockerTarget): string {
  if (target.kind === 'socket')
    return ['/run/docker.sock', '/var/run/docker.sock'].includes(target.path)
      ? 'docker'
      : `docker -H unix://${target.path}`;
  const tls = target.kind === 'host' && target.certPath !== null;
  return `${tls ? `DOCKER_CERT_PATH=${target.certPath} DOCKER_TLS_VERIFY=1 ` : ''}docker -H ${safely(target)}`;
}

function safely(target: DockerTarget): string {
  try {
    return describeDockerTarget(target);
  } catch {
    return 'the configured address';
  }
}
