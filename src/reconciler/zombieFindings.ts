/**
 * Says what is to be told of zombies: that they are harmless, who leaves them, and what to do about that.
 * It never advises to end one, or its parent.
 */
import { judgeZombie } from '../detector/zombie.ts';
import type { Checkup, ContainerSeen, CountedZombie } from './checkup.ts';
import { finding, many, type Finding, type Topic } from './finding.ts';

export const ZOMBIES_HARMLESS =
  'They are dead and harmless: each holds a pid and nothing else. Do not kill them or their parents.';

const PARENTS_TOLD = 5;
const SHORT_ID_LENGTH = 12;
const LONGEST_NAME = 64;

export function zombieFindings(checkup: Checkup): Topic {
  if (checkup.zombies.kind === 'unseen') return { findings: [], well: [] };
  const { zombies, limited } = checkup.zombies.value;
  const asRoot = checkup.isRoot ? {} : { next: `sudo ${checkup.commands.garrison} doctor` };
  const unseen = limited === null ? [] : [finding('info', 'NotSeen', { what: limited, ...asRoot })];
  if (zombies.length === 0)
    return { findings: unseen, well: limited === null ? ['There is no zombie.'] : [] };
  const containers = checkup.docker.kind === 'seen' ? checkup.docker.value.containers : [];
  const found = [zombiesFinding(zombies, containers), ...initMissing(zombies, containers)];
  return { findings: [...found, ...unseen], well: [] };
}

interface Group {
  readonly first: CountedZombie;
  count: number;
}

function groupsOf(zombies: readonly CountedZombie[]): readonly Group[] {
  const groups = new Map<number, Group>();
  for (const zombie of zombies) {
    const group = groups.get(zombie.parentPid);
    if (group === undefined) groups.set(zombie.parentPid, { first: zombie, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()].sort((one, other) => other.count - one.count);
}

function zombiesFinding(zombies: readonly CountedZombie[], containers: readonly ContainerSeen[]): Finding {
  const groups = groupsOf(zombies);
  const more = groups.length - PARENTS_TOLD;
  return finding('info', 'Zombies', {
    what: `There ${zombies.length === 1 ? 'is' : 'are'} ${many(zombies.length, 'zombie')}, left by ${many(groups.length, 'parent')}.`,
    evidence: [
      ...groups.slice(0, PARENTS_TOLD).map((group) => groupLine(group, containers)),
      ...(more > 0 ? [`and ${many(more, 'more parent')}`] : []),
    ],
    harmless: ZOMBIES_HARMLESS,
  });
}

function groupLine({ first, count }: Group, containers: readonly ContainerSeen[]): string {
  const { container, advice } = judgeZombie(first, first.kinship, first.ageMs);
  const where = container === null ? '' : ` in ${containerName(container, containers)}`;
  const parent = first.parent?.command.slice(0, LONGEST_NAME) ?? 'unseen';
  return `${String(count)} of ${JSON.stringify(parent)} (pid ${String(first.parentPid)})${where}. ${advice}`;
}

function containerName(shortId: string, containers: readonly ContainerSeen[]): string {
  return containers.find(({ facts }) => facts.id.startsWith(shortId))?.facts.name ?? shortId;
}

/** Whose first process is no init and holds zombies: with one they would be gone. */
function initMissing(zombies: readonly CountedZombie[], containers: readonly ContainerSeen[]): Finding[] {
  return containers.flatMap(({ facts, hasInit, composeFile }) => {
    const shortId = facts.id.slice(0, SHORT_ID_LENGTH);
    const held = zombies.filter(
      (zombie) =>
        zombie.parent?.innermostPid === 1 &&
        judgeZombie(zombie, zombie.kinship, zombie.ageMs).container === shortId,
    );
    if (hasInit || facts.pid === 0 || held.length === 0) return [];
    const where = composeFile === null ? 'where it is made (docker run --init)' : `in ${composeFile}`;
    return [
      finding('info', 'InitMissing', {
        what: `PID 1 of ${facts.name} does not reap what is left to it: it holds ${many(held.length, 'zombie')}.`,
        harmless: 'They take a pid each and nothing else.',
        next: `set "init: true" for ${facts.service ?? facts.name} ${where}, and recreate it at a quiet hour`,
        interrupts: `those whom ${facts.name} serves, once it is recreated; not before`,
      }),
    ];
  });
}
