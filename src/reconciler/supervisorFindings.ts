/**
 * Says how the supervisor of this home is as seen from outside, and what it says itself while it answers.
 * It never takes a silent one for a dead one.
 */
import type { Checkup, SupervisorSeen } from './checkup.ts';
import { finding, NOTHING, type Finding, type Topic } from './finding.ts';
import { hasSystemd } from './lookCommand.ts';

export function supervisorFindings(checkup: Checkup): Topic {
  const { supervisor } = checkup;
  if (supervisor.kind === 'unseen') return { findings: [], well: [] };
  const seen = supervisor.value;
  switch (seen.door) {
    case 'answers':
      return answering(checkup, seen);
    case 'silent':
      return { findings: [silent(checkup, seen)], well: [] };
    case 'gone':
    case 'left behind':
      return { findings: [...away(checkup, seen), ...leftLock(seen)], well: [] };
  }
}

function answering(checkup: Checkup, seen: SupervisorSeen): Topic {
  const { garrison } = checkup.commands;
  const version = seen.version ?? 'of a version that it does not tell';
  const [first, ...rest] = seen.sentences;
  return {
    findings: [
      ...(seen.version === null || seen.version === checkup.version
        ? []
        : [
            finding('info', 'SupervisorVersion', {
              what: `The supervisor is garrison ${version.slice(0, 40)}, this command is ${checkup.version}.`,
              harmless: 'Both talk to each other as far as they know the same things.',
              next: `start the supervisor again at a quiet hour${hasSystemd(checkup) ? ' (systemctl restart garrison)' : ''}`,
              interrupts: 'jobs in hand are finished first, for 10 s; the others wait',
            }),
          ]),
      ...(first === undefined
        ? []
        : [
            finding('warning', 'SupervisorSays', {
              what: first,
              evidence: rest.slice(0, MOST_TOLD),
              next: `${garrison} status`,
            }),
          ]),
    ],
    well:
      first === undefined
        ? [`The supervisor answers (garrison ${version}); all it looks after is well.`]
        : [],
  };
}

function silent(checkup: Checkup, seen: SupervisorSeen): Finding {
  const who =
    seen.pid === null || seen.pid === 0 ? 'The supervisor' : `The supervisor (pid ${String(seen.pid)})`;
  const idle =
    'No worker is watched and no container is healed meanwhile; workers go on with the jobs that they have.';
  const isUnit = unitIs(checkup, 'active');
  if (seen.processState === 'T' || seen.processState === 't')
    return finding('critical', 'SupervisorStopped', {
      what: `${who} was stopped by a signal (state T): it does nothing and answers nobody.`,
      evidence: [idle, ...lastWords(seen)],
      next: isUnit
        ? 'systemctl restart garrison'
        : 'whoever stopped it with Ctrl-Z or a debugger lets it go on (fg in that terminal)',
      interrupts: isUnit ? 'jobs in hand, each of which is settled from the record of its host' : NOTHING,
    });
  const state = seen.processState === null ? '' : ` (state ${seen.processState})`;
  return finding('critical', 'SupervisorSilent', {
    what: `${who} takes the question and gives no answer in time${state}.`,
    evidence: [
      'On a starved machine it may only be late: ask once more.',
      ...(isUnit
        ? [
            'If it stays so, systemctl restart garrison replaces it; jobs in hand are settled from the records of their hosts.',
          ]
        : []),
      ...lastWords(seen),
    ],
    next: `${checkup.commands.garrison} status`,
  });
}

function away(checkup: Checkup, seen: SupervisorSeen): Finding[] {
  const { garrison } = checkup.commands;
  const starting = seen.pid !== null;
  if (!starting && seen.lastWord === null)
    return [
      finding('info', 'SupervisorAway', {
        what: `No supervisor runs in ${checkup.home}, and none has ever written there.`,
        harmless: 'Nothing is wrong with that if Garrison has another home folder: name it with --home.',
        next: `${garrison} up`,
        interrupts: NOTHING,
      }),
    ];
  if (starting)
    return [
      finding('warning', 'SupervisorAway', {
        what: `A supervisor (pid ${String(seen.pid)}) holds ${checkup.home} and does not listen: it is starting or ending, or its socket was removed.`,
        evidence: lastWords(seen),
        next: `${garrison} status`,
      }),
    ];
  const isUnit = unitIs(checkup, 'inactive') || unitIs(checkup, 'failed');
  return [
    finding('critical', 'SupervisorAway', {
      what: `No supervisor runs in ${checkup.home}: no push is done, no worker is watched, and no container is healed.`,
      evidence: [
        ...lastWords(seen),
        ...(seen.door === 'left behind'
          ? [
              'Its socket control.sock was left behind, as after a crash: harmless, the next start replaces it.',
            ]
          : []),
      ],
      harmless: 'Pushes that were accepted are kept, and go on when it is started again.',
      next: isUnit ? 'systemctl start garrison' : `${garrison} up`,
      interrupts: NOTHING,
    }),
  ];
}

function lastWords({ lastWord }: SupervisorSeen): readonly string[] {
  if (lastWord === null) return [];
  return [`Its journal ends at ${lastWord.at} with ${JSON.stringify(lastWord.event.slice(0, 64))}.`];
}

function leftLock({ leftLock: text }: SupervisorSeen): Finding[] {
  if (text === null) return [];
  return [
    finding('info', 'LockLeft', {
      what: `supervisor.lock still names pid ${JSON.stringify(text.slice(0, 20))}, and nobody holds the lock.`,
      harmless: 'A lock that nobody holds is none: the next start takes it.',
    }),
  ];
}

function unitIs({ units }: Checkup, state: string): boolean {
  return (
    units.kind === 'seen' &&
    units.value.some(({ name, active }) => name === 'garrison.service' && active === state)
  );
}

const MOST_TOLD = 6;
