/**
 * Says what is to be told of the Docker daemon itself: whether it answers, and what is known of its version and settings.
 * It never advises to restart it.
 */
import type { Checkup, DockerSeen } from './checkup.ts';
import { finding, many, named, NOTHING, type Finding, type Topic } from './finding.ts';
import { serviceLook } from './lookCommand.ts';

export function dockerFindings(checkup: Checkup): Topic {
  const { docker } = checkup;
  if (docker.kind === 'seen')
    return {
      findings: [
        ...versionTraps(docker.value),
        ...composeTrap(checkup, docker.value),
        ...liveRestore(docker.value),
      ],
      well: [],
    };
  const { why, because } = docker;
  const told = {
    what: because,
    evidence: ['Containers are not looked at; whether they work is not known.'],
    next: serviceLook(checkup, 'docker', 'dockerd,containerd'),
  };
  switch (why) {
    case 'late':
      return { findings: [finding('critical', 'DockerSilent', told)], well: [] };
    case 'failed':
      return { findings: [finding('critical', 'DockerAway', told)], well: [] };
    case 'absent':
    case 'notPermitted':
      return { findings: [], well: [] };
  }
}

type Version = readonly [major: number, minor: number, patch: number];

function versionOf(text: string): Version | null {
  const [, major, minor, patch] = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?/.exec(text) ?? [];
  return major === undefined ? null : [Number(major), Number(minor), Number(patch ?? 0)];
}

function isFrom([major, minor, patch]: Version, least: Version): boolean {
  return major !== least[0] ? major > least[0] : minor !== least[1] ? minor > least[1] : patch >= least[2];
}

interface Trap {
  readonly from: Version;
  readonly before: Version;
  readonly onlyWithLiveRestore: boolean;
  readonly what: string;
  readonly harmless: string;
}

const TRAPS: readonly Trap[] = [
  {
    from: [24, 0, 0],
    before: [24, 0, 7],
    onlyWithLiveRestore: false,
    what: 'a restart of a container whose asker goes away meanwhile can leave it stopped',
    harmless: 'Nothing happens as long as nobody cuts a docker restart short: let it end, then look.',
  },
  {
    from: [17, 11, 0],
    before: [23, 0, 0],
    onlyWithLiveRestore: true,
    what: 'after the daemon was restarted with live-restore it runs no health checks, and its word on health is old',
    harmless: 'Nothing is wrong until then; a container that is not probed any more is named as such.',
  },
  {
    from: [29, 0, 0],
    before: [Infinity, 0, 0],
    onlyWithLiveRestore: false,
    what: 'events come without the fields status, id and from, by which older tools (autoheal scripts, dashboards) go',
    harmless: 'Garrison reads the fields that are left.',
  },
];

function versionTraps({ engine, liveRestore: isLive }: DockerSeen): Finding[] {
  const version = versionOf(engine);
  if (version === null) return [];
  return TRAPS.filter(
    ({ from, before, onlyWithLiveRestore }) =>
      isFrom(version, from) && !isFrom(version, before) && (!onlyWithLiveRestore || isLive === true),
  ).map(({ what, harmless }) =>
    finding('info', 'DockerTrap', { what: `Docker ${engine.slice(0, 40)}: ${what}.`, harmless }),
  );
}

function composeTrap({ config }: Checkup, { containers }: DockerSeen): Finding[] {
  const configured = config.kind === 'seen' ? Object.keys(config.value.dependsOn) : [];
  const made = containers.filter(
    ({ composeVersion, facts }) => /^1\./.test(composeVersion ?? '') && facts.dependsOnLabel === null,
  );
  const projects = [...new Set(made.map(({ facts }) => facts.project ?? ''))].filter((project) => {
    const members = made.filter(({ facts }) => facts.project === project);
    const isTold = members.some(
      ({ facts }) => configured.includes(facts.name) || configured.includes(facts.service ?? ''),
    );
    return members.length > 1 && !isTold;
  });
  if (projects.length === 0) return [];
  return [
    finding('info', 'DockerTrap', {
      what: `docker-compose v1 made ${named(projects)}: on its containers nothing says who depends on whom, and it starts nothing that depends on an unhealthy one.`,
      harmless: 'It matters only when several of them are sick at once.',
      next: 'write it under containers.dependsOn in garrison.yaml, such as { koko: [core] }',
      interrupts: NOTHING,
    }),
  ];
}

function liveRestore({ liveRestore: isLive, containers }: DockerSeen): Finding[] {
  const running = containers.filter(({ facts }) => facts.pid !== 0).length;
  if (isLive !== false || running === 0) return [];
  return [
    finding('info', 'LiveRestoreOff', {
      what: `live-restore is off: whatever ends the Docker daemon ends all ${many(running, 'running container')}.`,
      harmless: 'Nothing happens as long as the daemon runs.',
      next: 'put "live-restore": true into /etc/docker/daemon.json, then systemctl reload docker',
      interrupts: `${NOTHING}: a reload ends no container`,
    }),
  ];
}
