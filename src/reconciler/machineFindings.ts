/**
 * Says what the machine itself is short of: space, inodes, files, processes, memory, processor time, the right time.
 * It says who could be looked at for it, and never whom to end.
 */
import { formatSizeBytes } from '../units.ts';
import type { Checkup, CountSeen, DiskSeen, DisksSeen, MemorySeen, Part, PressureSeen } from './checkup.ts';
import { finding, joined, named, type Finding, type Topic, type Weight } from './finding.ts';
import { clockLook } from './lookCommand.ts';

const NO_TOPIC: Topic = { findings: [], well: [] };

export function machineFindings(checkup: Checkup): Topic {
  const { disks, counts, memory, pressure } = checkup;
  return joined([
    ifSeen(disks, diskTopic),
    ifSeen(counts, countTopic),
    ifSeen(memory, memoryTopic),
    ifSeen(pressure, pressureTopic),
    clockTopic(checkup),
  ]);
}

function ifSeen<T>(part: Part<T>, topic: (value: T) => Topic): Topic {
  return part.kind === 'seen' ? topic(part.value) : NO_TOPIC;
}

/** Below these shares, of what is left. */
const NONE_LEFT = 0.01;
const LITTLE_LEFT = 0.05;
/** A very large disk is not full with so much left. */
const ENOUGH_BYTES = 20 * 2 ** 30;
const ENOUGH_INODES = 1_000_000;

function diskTopic({ disks, gaps }: DisksSeen): Topic {
  const findings = [...disks.flatMap(ofDisk), ...gaps.map((what) => finding('warning', 'NotSeen', { what }))];
  const roomy = disks.filter((disk) => ofDisk(disk).length === 0);
  const left = roomy.map(
    ({ folders, freeBytes }) => `${formatSizeBytes(freeBytes)} at ${folders.join(', ')}`,
  );
  return { findings, well: left.length === 0 ? [] : [`Disks have room: ${left.join('; ')}.`] };
}

function ofDisk(disk: DiskSeen): Finding[] {
  const { folders, totalBytes, freeBytes, totalInodes, freeInodes, isReadOnly } = disk;
  const where = named(folders);
  const folder = folders[0] ?? '/';
  const bytes = scarcity({ left: freeBytes, total: totalBytes, enough: ENOUGH_BYTES });
  const inodes = scarcity({ left: freeInodes, total: totalInodes, enough: ENOUGH_INODES });
  return [
    ...(isReadOnly
      ? [
          finding('critical', 'DiskReadOnly', {
            what: `${where} can only be read: nothing can be written there, by anybody.`,
            next: 'dmesg -T | tail -n 30',
          }),
        ]
      : []),
    ...(bytes === null
      ? []
      : [
          finding(bytes, bytes === 'critical' ? 'DiskFull' : 'DiskLow', {
            what: `The disk of ${where} has ${formatSizeBytes(freeBytes)} of ${formatSizeBytes(totalBytes)} left.`,
            next: `du -xh --max-depth=2 ${folder} | sort -h | tail -n 20`,
          }),
        ]),
    ...(inodes === null
      ? []
      : [
          finding(inodes, inodes === 'critical' ? 'DiskFull' : 'DiskLow', {
            what: `The disk of ${where} has ${String(freeInodes)} of ${String(totalInodes)} inodes left: no more files can be made when they are used up, whatever space there is.`,
            next: `du -x --inodes --max-depth=2 ${folder} | sort -n | tail -n 20`,
          }),
        ]),
  ];
}

function scarcity({
  left,
  total,
  enough,
}: {
  readonly left: number;
  readonly total: number;
  readonly enough: number;
}): Weight | null {
  if (total <= 0 || left >= enough) return null;
  if (left <= total * NONE_LEFT) return 'critical';
  return left <= total * LITTLE_LEFT ? 'warning' : null;
}

const NEARLY_ALL = 0.98;
const MOST_OF_IT = 0.9;

function countTopic(counts: readonly CountSeen[]): Topic {
  const findings = counts.flatMap((count) => {
    const { what, used, most, look } = count;
    const weight = fullness(count);
    if (weight === null) return [];
    const code = what.includes('files') ? 'FilesUsedUp' : 'PidsUsedUp';
    return [
      finding(weight, code, {
        what: `${String(used)} of ${String(most)} ${what} are used: at the limit nothing more can be ${code === 'FilesUsedUp' ? 'opened' : 'started, not even a shell'}.`,
        next: look,
      }),
    ];
  });
  const roomy = counts.filter((count) => fullness(count) === null);
  const told = roomy.map(({ what, used, most }) => `${String(used)} of ${String(most)} ${what}`);
  return { findings, well: told.length === 0 ? [] : [`Counts are low: ${told.join('; ')}.`] };
}

function fullness({ used, most }: CountSeen): Weight | null {
  if (most <= 0) return null;
  if (used >= most * NEARLY_ALL) return 'critical';
  return used >= most * MOST_OF_IT ? 'warning' : null;
}

const MEMORY_NONE = 0.02;
const MEMORY_LITTLE = 0.05;
const WHO_USES_MEMORY = 'ps -eo pid,rss,args --sort=-rss | head -n 15';
const LATEST_OOM = "dmesg -T | grep -i 'out of memory' | tail -n 5";

function memoryTopic(memory: MemorySeen): Topic {
  const { totalBytes, availableBytes, swapTotalBytes, swapFreeBytes, oomKills, ownOomKills } = memory;
  const left = `${formatSizeBytes(availableBytes)} of ${formatSizeBytes(totalBytes)}`;
  const swap =
    swapTotalBytes === 0
      ? 'There is no swap.'
      : `Of ${formatSizeBytes(swapTotalBytes)} swap ${formatSizeBytes(swapFreeBytes)} are free.`;
  const share = totalBytes <= 0 ? 1 : availableBytes / totalBytes;
  const findings = [
    ...(share > MEMORY_LITTLE
      ? []
      : [
          finding(share <= MEMORY_NONE ? 'critical' : 'warning', 'MemoryLow', {
            what: `${left} of memory are left: the kernel ends processes when there is none.`,
            evidence: [swap],
            next: WHO_USES_MEMORY,
          }),
        ]),
    ...outOfMemory({ oomKills, ownOomKills }),
  ];
  return { findings, well: share > MEMORY_LITTLE ? [`Memory: ${left} are left. ${swap}`] : [] };
}

function outOfMemory({ oomKills, ownOomKills }: Pick<MemorySeen, 'oomKills' | 'ownOomKills'>): Finding[] {
  if (ownOomKills !== null && ownOomKills > 0)
    return [
      finding('warning', 'OutOfMemory', {
        what: `In the cgroup of Garrison the kernel has ended ${String(ownOomKills)} processes for want of memory.`,
        evidence: ['Workers are started again by themselves; pushes that they had in hand are tried again.'],
        next: LATEST_OOM,
      }),
    ];
  if (oomKills === null || oomKills === 0) return [];
  return [
    finding('info', 'OutOfMemory', {
      what: `Since the machine started, the kernel has ended ${String(oomKills)} processes for want of memory.`,
      harmless: 'That may be long ago; the counter does not say when.',
      next: LATEST_OOM,
    }),
  ];
}

/** From these shares of a minute on work really waits. */
const STARVED_AT: Readonly<
  Record<PressureSeen['resource'], { readonly some: number; readonly full: number }>
> = {
  cpu: { some: 0.8, full: 2 },
  memory: { some: 0.4, full: 0.1 },
  io: { some: 0.8, full: 0.4 },
};
const WORDS: Readonly<Record<PressureSeen['resource'], { readonly name: string; readonly look: string }>> = {
  cpu: { name: 'processor time', look: 'top -bn1 | head -n 15' },
  memory: { name: 'memory', look: WHO_USES_MEMORY },
  io: { name: 'the disk', look: 'ps -eo pid,stat,wchan:20,args | grep " D"' },
};

function pressureTopic(pressure: readonly PressureSeen[]): Topic {
  const isStarved = ({ resource, some, full }: PressureSeen): boolean =>
    some >= STARVED_AT[resource].some || full >= STARVED_AT[resource].full;
  const findings = pressure.filter(isStarved).map(({ resource, some, full }) =>
    finding('warning', 'Starved', {
      what: `Work waits for ${WORDS[resource].name}: some of it for ${percent(some)} of the last minute, all of it for ${percent(full)}.`,
      evidence: [
        'Everything is late then, and health checks fail that would pass: judge nothing else by it.',
      ],
      next: WORDS[resource].look,
    }),
  );
  const calm = pressure.filter((each) => !isStarved(each)).map(({ resource }) => WORDS[resource].name);
  return { findings, well: calm.length === 0 ? [] : [`Little waits for ${calm.join(', ')}.`] };
}

function percent(share: number): string {
  return `${String(Math.round(share * 100))} %`;
}

const AHEAD_MS = 60_000;

function clockTopic(checkup: Checkup): Topic {
  const { clock, supervisor } = checkup;
  const lastWord = supervisor.kind === 'seen' ? supervisor.value.lastWord : null;
  if (lastWord !== null && lastWord.aheadMs > AHEAD_MS)
    return {
      findings: [
        finding('warning', 'ClockWrong', {
          what: `The clock was set back: the last line of Garrison's journal is of ${lastWord.at}, which is yet to come.`,
          evidence: [
            'Times in logs do not tell the order of things. Garrison itself goes by a clock that cannot be set.',
          ],
          next: clockLook(checkup),
        }),
      ],
      well: [],
    };
  if (clock.kind === 'unseen' || clock.value.isSynchronized === null) return NO_TOPIC;
  if (clock.value.isSynchronized) return { findings: [], well: ['The clock is synchronized.'] };
  return {
    findings: [
      finding('info', 'ClockWrong', {
        what: 'Nothing keeps the clock of this machine right (the kernel calls it unsynchronized).',
        harmless: 'Garrison goes by a clock that cannot be set; only the times that it shows may be off.',
        next: clockLook(checkup),
      }),
    ],
    well: [],
  };
}
