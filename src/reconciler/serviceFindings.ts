/**
 * Says what is to be told of the services around Garrison: Redis, the way in over SSH, systemd's units.
 * It advises no restart of any of them.
 */
import { formatSizeBytes } from '../units.ts';
import type { Checkup, RedisSeen, SshdSeen, UnitSeen } from './checkup.ts';
import { finding, joined, many, named, type Finding, type Topic } from './finding.ts';
import { serviceLook } from './lookCommand.ts';

const NO_TOPIC: Topic = { findings: [], well: [] };

export function serviceFindings(checkup: Checkup): Topic {
  return joined([redisTopic(checkup), sshdTopic(checkup), unitTopic(checkup)]);
}

function redisTopic(checkup: Checkup): Topic {
  const { redis } = checkup;
  if (redis.kind === 'unseen') return { findings: redisUnseen(checkup, redis), well: [] };
  const { value } = redis;
  const findings = [
    ...roleFindings(value),
    ...memoryFindings(value),
    ...savingFindings(value),
    ...slow(value),
  ];
  const { target, version, answeredInMs } = value;
  const well = `Redis ${version} answers at ${target} in ${String(Math.round(answeredInMs))} ms.`;
  return { findings, well: [well] };
}

function redisUnseen(
  checkup: Checkup,
  { why, because }: { readonly why: string; readonly because: string },
): Finding[] {
  const { supervisor, config } = checkup;
  if (why === 'notPermitted' || why === 'absent') return [];
  const isOurs = config.kind === 'seen' && config.value.redis === 'embedded';
  const isUp = supervisor.kind === 'seen' && supervisor.value.door === 'answers';
  if (isOurs && !isUp && why === 'failed')
    return [
      finding('info', 'RedisAway', {
        what: because,
        harmless:
          'It is the embedded one: it starts with the supervisor and ends with it, and keeps its data on disk.',
      }),
    ];
  return [
    finding('critical', why === 'late' ? 'RedisSilent' : 'RedisAway', {
      what: because,
      evidence: ['No push is taken while Redis is away; none that was accepted is lost.'],
      next: isOurs
        ? 'look at the log of the supervisor for lines of redis-server'
        : serviceLook(checkup, 'redis-server', 'redis-server'),
    }),
  ];
}

function roleFindings({ target, role, isLoading }: RedisSeen): Finding[] {
  if (isLoading)
    return [
      finding('warning', 'RedisRole', {
        what: `Redis at ${target} is still reading its files and takes nothing yet.`,
        harmless: 'It ends by itself; wait for it.',
      }),
    ];
  if (role === 'master') return [];
  return [
    finding('critical', 'RedisRole', {
      what: `Redis at ${target} is a ${JSON.stringify(role.slice(0, 20))}, which nothing can be written to.`,
      next: 'name the master under redis in garrison.yaml, and start Garrison again',
      interrupts: 'jobs in hand are finished first',
    }),
  ];
}

const FULL_AT = 0.9;

function memoryFindings({ target, usedBytes, limitBytes, policy }: RedisSeen): Finding[] {
  if (limitBytes === null || limitBytes === 0) return [];
  const evicts = policy !== 'noeviction' && policy !== '';
  const isFull = usedBytes !== null && usedBytes >= limitBytes * FULL_AT;
  return [
    ...(isFull
      ? [
          finding('critical', 'RedisMemory', {
            what: `Redis at ${target} uses ${formatSizeBytes(usedBytes)} of the ${formatSizeBytes(limitBytes)} that it may: at the limit ${evicts ? 'it throws jobs away' : 'it takes no more'}.`,
            next: 'raise maxmemory there (redis-cli config set maxmemory BYTES)',
            interrupts: 'nothing',
          }),
        ]
      : []),
    ...(evicts
      ? [
          finding('warning', 'RedisMemory', {
            what: `Redis at ${target} may throw jobs away when its memory is used up (maxmemory-policy ${JSON.stringify(policy.slice(0, 40))}).`,
            next: 'redis-cli config set maxmemory-policy noeviction, and the same in its redis.conf',
            interrupts: 'nothing',
          }),
        ]
      : []),
  ];
}

function savingFindings({ target, appendOnly, lastAppend, lastSave }: RedisSeen): Finding[] {
  const failed = [
    ...(appendOnly === true && lastAppend !== null && lastAppend !== 'ok' ? ['its append-only file'] : []),
    ...(lastSave !== null && lastSave !== 'ok' ? ['its last snapshot'] : []),
  ];
  if (failed.length > 0)
    return [
      finding('critical', 'RedisNotSaving', {
        what: `Redis at ${target} could not write ${failed.join(' and ')}: what it holds is lost when it ends.`,
        evidence: ['Mostly its disk is full or may not be written to.'],
        next: 'redis-cli info persistence; df -h',
      }),
    ];
  if (appendOnly !== false) return [];
  return [
    finding('info', 'RedisNotSaving', {
      what: `Redis at ${target} keeps no append-only file: after a crash the last minutes are missing.`,
      harmless: 'Nothing is lost while it runs; every push that ended is in the records of the hosts, too.',
      next: 'redis-cli config set appendonly yes, and the same in its redis.conf',
      interrupts: 'nothing',
    }),
  ];
}

const SLOW_MS = 500;

function slow({ target, answeredInMs }: RedisSeen): Finding[] {
  if (answeredInMs < SLOW_MS) return [];
  return [
    finding('warning', 'RedisSlow', {
      what: `Redis at ${target} took ${String(Math.round(answeredInMs))} ms for one word.`,
      evidence: ['A slow disk, a long command or a starved machine make it so.'],
      next: 'redis-cli slowlog get 5',
    }),
  ];
}

function sshdTopic(checkup: Checkup): Topic {
  const { sshd } = checkup;
  if (sshd.kind === 'unseen') return NO_TOPIC;
  const seen = sshd.value;
  const unasked =
    seen.unasked === null
      ? []
      : [finding('info', 'NotSeen', { what: `Whether sshd's configuration is good: ${seen.unasked}` })];
  const findings = [...listening(checkup, seen), ...complaint(seen), ...busy(seen), ...unasked];
  const well =
    seen.ports.length === 0
      ? []
      : [`sshd listens on ${named(seen.ports.map(String))}; ${many(seen.logins, 'login')} at this moment.`];
  return { findings, well };
}

function listening(checkup: Checkup, { ports, isSure, isOurWayIn }: SshdSeen): Finding[] {
  if (ports.length > 0) return [];
  if (!isSure)
    return [
      finding('info', 'NotSeen', {
        what: 'Whether an sshd listens cannot be told: whose the ports are is for root to see.',
      }),
    ];
  return [
    finding(isOurWayIn ? 'critical' : 'info', 'SshdAway', {
      what: 'No sshd of this machine listens: nobody can log in over SSH from now on.',
      evidence: isOurWayIn ? ['You came in over SSH: keep this session open until a second one works.'] : [],
      harmless: isOurWayIn ? null : 'Nothing is wrong with that where nobody logs in over SSH.',
      next: serviceLook(checkup, 'ssh', 'sshd'),
    }),
  ];
}

function complaint({ complaint: said }: SshdSeen): Finding[] {
  if (said === null) return [];
  return [
    finding('warning', 'SshdConfig', {
      what: `sshd would not start with the configuration that it has: ${JSON.stringify(said.slice(0, 200))}.`,
      evidence: ['Do not restart it or the machine before that is mended.'],
      harmless: 'Sessions that are open go on, and so does the sshd that runs.',
      next: 'sshd -t',
    }),
  ];
}

/** `10:30:100`: from the first number on it drops some, from the last on all. */
function busy({ startups, maxStartups }: SshdSeen): Finding[] {
  const [, begin, full] = /^(\d+)(?::\d+:(\d+))?$/.exec(maxStartups ?? '') ?? [];
  const from = Number(begin ?? Infinity);
  if (startups < from) return [];
  const isFull = startups >= Number(full ?? begin);
  return [
    finding(isFull ? 'critical' : 'warning', 'SshdBusy', {
      what: `${String(startups)} connections to sshd are not logged in yet; with MaxStartups ${maxStartups ?? ''} it drops ${isFull ? 'every new one' : 'some new ones'}.`,
      evidence: [
        'A new login may need several tries; a scan from outside or a slow directory of accounts make it so.',
      ],
      next: "ss -tnp | grep sshd | awk '{print $5}' | sort | uniq -c | sort -n | tail",
    }),
  ];
}

function unitTopic({ units }: Checkup): Topic {
  if (units.kind === 'unseen') return NO_TOPIC;
  const ill = units.value.filter(({ active, sub }) => active === 'failed' || sub.startsWith('auto-restart'));
  const active = units.value.filter(({ active: state }) => state === 'active').map(({ name }) => name);
  return {
    findings: ill.map(ofUnit),
    well: active.length === 0 ? [] : [`systemd runs ${named(active)}.`],
  };
}

/** systemd's words for how a unit ended (systemd.exec(5), SERVICE_RESULT). */
const RESULTS: Readonly<Record<string, string>> = {
  'exit-code': 'its process ended with an error',
  signal: 'its process was ended by a signal',
  'core-dump': 'its process crashed',
  timeout: 'it did not start or end in time',
  watchdog: 'it gave no sign of life in time',
  'oom-kill': 'the kernel ended it for want of memory',
  'start-limit-hit': 'it was started too often in a short time',
  resources: 'systemd had not what it needs to start it',
  protocol: 'it did not say that it is ready as its unit demands',
  'exec-condition': 'a condition of its unit was not met',
};

function ofUnit({ name, active, result, restarts }: UnitSeen): Finding {
  const isGivenUp = active === 'failed';
  const why = RESULTS[result] ?? 'it failed';
  const after = restarts === 0 ? '' : ` after ${many(restarts, 'restart')}`;
  return finding('warning', 'UnitFailed', {
    what: isGivenUp
      ? `systemd calls ${name} failed${after}: ${why} (${result}).`
      : `systemd starts ${name} again and again (${many(restarts, 'restart')} so far): ${why} (${result}).`,
    evidence: isGivenUp ? ['systemd does not start it again by itself.'] : [],
    next: `journalctl -u ${name} -n 30 --no-pager`,
  });
}
