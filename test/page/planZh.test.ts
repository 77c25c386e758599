/** Plans, reasons and verifications in Chinese: whatever the supervisor and the host's script can say there has words, and what is unknown is given back as it came. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { planEn } from '../../src/page/words/planEn.ts';
import {
  aboutZh,
  doneZh,
  noteZh,
  notUndoableZh,
  privilegesZh,
  verifiedZh,
} from '../../src/page/words/planSaidZh.ts';
import { REASON_ZH, reasonZh } from '../../src/page/words/reasonZh.ts';
import { PLAN_LASTS_MS, UNASKED_PAIRS } from '../../src/page/jobs/planFacts.ts';
import type { AccountWish } from '../../src/push/account.ts';
import { CHANGES } from '../../src/push/answer.ts';
import type { HostFacts } from '../../src/push/hostFacts.ts';
import { planAccount, type AccountPlan, type AppliedKind } from '../../src/push/plan.ts';
import type { UndoFacts } from '../../src/push/undoFacts.ts';
import { undoability } from '../../src/push/undoable.ts';
import { planUndo } from '../../src/push/undoPlan.ts';
import { REASONS, UNANSWERED_REASONS } from '../../src/push/reason.ts';
import { verification, withLogin } from '../../src/push/verification.ts';
import * as planApply from '../../src/supervisor/planApply.ts';
import * as syncDesk from '../../src/supervisor/syncDesk.ts';
import { accountOf, factsOf, OURS, TAKING, TOKEN, wishOf } from '../support/planScene.ts';
import { result } from '../support/fakeDoor.ts';
import { jobRecord } from '../support/jobRecord.ts';

const CHINESE = /[\u4e00-\u9fff]/;
/** Names, keys, paths and words of a command are no English sentence. */
const ENGLISH = /\b(?:the|is|are|of|was|its|not|stays?|later|somebody|garrison's)\b/i;

const OURS_ACCOUNT = accountOf({ gecos: `Old garrison-${TOKEN}` });
const place = { home: '/home/eva', isHomeTaken: false, isGroupTaken: false };
const sudo = factsOf().sudo;

const SCENES: readonly (readonly [AppliedKind, AccountWish, HostFacts])[] = [
  ['push', wishOf(), factsOf()],
  ['push', wishOf(), factsOf({ account: null, place })],
  [
    'push',
    wishOf({ sudo: { kind: 'none' } }),
    factsOf({ account: null, place, sudo: { ...sudo, file: 'ours' } }),
  ],
  ['push', wishOf({ sudo: { kind: 'commands', commands: ['/bin/ls'] } }), factsOf({ account: null, place })],
  ['push', wishOf({ claim: 'adopt' }), factsOf()],
  ['push', wishOf({ claim: 'takeOver', privileged: true }), factsOf({ taking: TAKING })],
  [
    'push',
    wishOf({ claim: 'keysOnly', groups: [], shell: null, sudo: { kind: 'none' }, comment: '' }),
    factsOf(),
  ],
  ['push', wishOf(), factsOf({ account: OURS_ACCOUNT, mark: OURS, memberOf: ['games'] })],
  [
    'push',
    wishOf(),
    factsOf({
      account: { ...OURS_ACCOUNT, isLocked: true, isLockOurs: true },
      mark: OURS,
      sudo: { ...sudo, file: 'ours' },
    }),
  ],
  [
    'push',
    wishOf({ sudo: { kind: 'none' } }),
    factsOf({ account: OURS_ACCOUNT, mark: OURS, sudo: { ...sudo, file: 'ours' } }),
  ],
  ['revoke', wishOf(), factsOf({ account: OURS_ACCOUNT, mark: OURS, sudo: { ...sudo, file: 'ours' } })],
  [
    'revoke',
    wishOf(),
    factsOf({ account: OURS_ACCOUNT, mark: { ...OURS, claim: 'adopt' }, memberOf: ['games'] }),
  ],
  ['push', wishOf({ passwordHash: 'set', keys: [] }), factsOf({ account: OURS_ACCOUNT, mark: OURS })],
  [
    'push',
    wishOf({ passwordHash: 'set' }),
    factsOf({ account: { ...OURS_ACCOUNT, isPasswordWished: true }, mark: OURS }),
  ],
  ['push', wishOf(), factsOf({ account: OURS_ACCOUNT, mark: { ...OURS, hasPassword: true } })],
  ...(['locked', 'none'] as const).map(
    (password) => ['push', wishOf(), factsOf({ account: accountOf({ password, keyLines: 1 }) })] as const,
  ),
];

const GIVEN_BACK: UndoFacts = {
  ...{ isInUse: false, mark: 'ours', isThere: true, record: 'undoing', differs: '', takesAway: null },
  ...{ sudo: 'write', isAccessBack: true, shell: { now: '/bin/sh', before: '/bin/bash' }, isReadOnly: false },
  ...{ comment: { now: 'Eva', before: 'Eve' }, join: ['games'], leave: ['audio'] },
  keyLines: { now: 2, before: 1 },
};
const taking = { home: '/home/eva', processes: 0, running: '' };
const UNDOS: readonly UndoFacts[] = [
  GIVEN_BACK,
  { ...GIVEN_BACK, sudo: 'remove', takesAway: { ...taking, isBare: false, hasCrontab: true } },
  { ...GIVEN_BACK, takesAway: { ...taking, home: '', isBare: false, hasCrontab: true } },
  { ...GIVEN_BACK, takesAway: { ...taking, isBare: true, hasCrontab: false } },
];

describe('plans in Chinese', () => {
  const plans: readonly AccountPlan[] = [
    ...SCENES.map(([of, wish, facts]) => planAccount(of, wish, facts)),
    ...UNDOS.map(planUndo),
  ];

  it('have words for every change that a plan can name, and for what it is about', () => {
    const codes = Object.keys(planEn).flatMap((key) => /^change\.(.*-.*)$/.exec(key)?.[1] ?? []);
    const seen = plans.flatMap(({ changes }) => changes.map(({ code }) => code));
    assert.deepEqual([...new Set(seen)].sort(), codes.sort(), 'each is seen in some scene');
    for (const change of plans.flatMap(({ changes }) => changes)) {
      for (const text of [change.what, change.before ?? '']) {
        const zh = aboutZh(change, text);
        assert.doesNotMatch(zh, ENGLISH, `${change.code}: ${text}`);
        const isPhrase = /account|password|locked|rule|commands|open|^set$|^all/.test(text);
        if (isPhrase) assert.match(zh, CHINESE, `${change.code}: ${text}`);
      }
    }
  });
  it('have words for every note', () => {
    const notes = plans.flatMap((plan) => plan.notes);
    assert.ok(new Set(notes.map((note) => note.replace(/[\d:].*/, ''))).size >= 8, notes.join('\n'));
    for (const note of notes) {
      const zh = noteZh(note) ?? '';
      assert.match(zh, CHINESE, note);
      assert.doesNotMatch(zh.replace(/：eva ALL.*/, ''), ENGLISH, note);
      assert.doesNotMatch(zh, /\$\d|undefined/);
    }
    assert.equal(noteZh('the moon is full'), null);
    const [there = ''] = planAccount(
      'push',
      wishOf(),
      factsOf({ account: accountOf({ shell: '$1 $& `id`' }) }),
    ).notes;
    assert.match(noteZh(there) ?? '', /shell \$1 \$& `id`，密码已设置/);
  });
});

describe('reasons in Chinese', () => {
  it('have words for each one, with the account and the host in them', () => {
    const facts = { account: 'eva', host: 'web-1' };
    for (const reason of [...REASONS, ...UNANSWERED_REASONS]) {
      const zh = reasonZh(reason, facts) ?? '';
      assert.match(zh, CHINESE, reason);
      assert.doesNotMatch(zh, /[{}]|。。/, reason);
    }
    assert.equal(Object.keys(REASON_ZH).length, REASONS.length + UNANSWERED_REASONS.length);
    assert.match(reasonZh('AccountForeign', facts) ?? '', /eva 在 web-1 上已存在/);
    assert.equal(reasonZh('Levitates', facts), null);
    assert.equal(reasonZh('toString', facts), null);
  });
  it('have words for all that a host can say it has done', () => {
    for (const done of Object.values(CHANGES)) assert.match(doneZh(done), CHINESE, done);
    assert.equal(doneZh('levitated'), 'levitated');
  });
});

describe('what lets an account become root', () => {
  it('has Chinese words for whatever the host’s script finds', () => {
    const script = readFileSync(new URL('../../src/worker/remote/33-claim.sh', import.meta.url), 'utf8');
    const found = [...script.matchAll(/privileges="\$privileges, ([^"]+)"/g)].map(([, text = '']) => text);
    assert.ok(found.length >= 3, String(found.length));
    for (const each of found) assert.match(privilegesZh(each.replace('$group', 'wheel')), CHINESE, each);
    assert.equal(privilegesZh('in group wheel, levitates'), '属于用户组 wheel，levitates');
  });
});

describe('why a push cannot be taken back, in Chinese', () => {
  const at = (id: string, more: Parameters<typeof jobRecord>[1] = {}) =>
    jobRecord(id, {
      ...{ host: 'web-1.example. org', state: 'done', createdAt: `T${id}`, result: result() },
      ...more,
    });
  const said = (
    jobs: readonly ReturnType<typeof at>[],
    later: readonly ReturnType<typeof at>[] = [],
  ): string => undoability({ kind: 'push' }, jobs, [...jobs, ...later]).notUndoable ?? '';
  it('has words for whatever the supervisor says of a push', () => {
    const job = at('j-1');
    const other = at('j-2', { host: 'db-1' });
    const undo = { kind: 'undo', undoOf: 'j-1' } as const;
    const sentences = [
      said([at('j-1', { state: 'running', result: null })]),
      said([at('j-1', { result: result({ outcome: 'unchanged' }) })]),
      said([job], [at('j-3', undo)]),
      said([job], [at('j-3', { ...undo, state: 'running', result: null })]),
      said([job], [at('j-3')]),
      said([job], [at('j-3', { kind: 'revoke' })]),
      said([job], [at('j-3', { kind: 'remove' })]),
      said([job, other], [at('j-3', undo), at('j-4', { host: 'db-1' })]),
    ];
    for (const sentence of sentences) {
      const zh = notUndoableZh(sentence) ?? '';
      assert.match(zh, CHINESE, sentence);
      assert.doesNotMatch(zh, ENGLISH, sentence);
    }
    assert.match(notUndoableZh(sentences.at(-1) ?? '') ?? '', /web-1.*j-4.*db-1/);
    assert.equal(notUndoableZh('it was undone on web-1. it levitates.'), null);
  });
});

describe('a verification in Chinese', () => {
  const script = readFileSync(new URL('../../src/worker/remote/77-verify.sh', import.meta.url), 'utf8');
  const phrases = (variable: string): readonly string[] =>
    [
      ...script.matchAll(
        new RegExp(`\\b${variable}=(["'])(?:\\$${variable}, )?([^"'$]+(?:\\$methods\\))?)\\1`, 'g'),
      ),
    ].map(([, , text = '']) => text.replace('$methods', 'publickey,password'));
  it('has words for whatever the host’s script has seen and could not see', () => {
    const [proofs, unseen] = [phrases('proofs'), phrases('unseen')];
    assert.ok(proofs.length >= 4 && unseen.length >= 6, `${String(proofs.length)} ${String(unseen.length)}`);
    for (const each of [...proofs, ...unseen]) {
      const zh = verifiedZh(each) ?? '';
      assert.match(zh, CHINESE, each);
      assert.doesNotMatch(zh, ENGLISH, each);
    }
    const facts = { verified: 'static', proofs: proofs.join(', '), unseen: unseen.join(', ') };
    const verified = { ...result(), ...verification('push', 'changed', facts) };
    const who = { account: 'eva', host: 'web-1' };
    for (const { verifiedBy = '' } of [
      verified,
      withLogin(verified, { kind: 'loggedIn' }, who),
      withLogin(verified, { kind: 'untold', said: 'Connection refused' }, who),
      verification('push', 'changed', {}) as { verifiedBy?: string },
      verification('push', 'changed', { verified: 'static' }) as { verifiedBy?: string },
    ])
      assert.doesNotMatch(verifiedZh(verifiedBy) ?? 'the', ENGLISH, verifiedBy);
  });
  it('is given up where something in it is unknown', () => {
    assert.equal(verifiedZh('the moon is full'), null);
  });
});

describe('the page', () => {
  it('knows the supervisor’s own limits', () => {
    assert.equal(PLAN_LASTS_MS, planApply.PLAN_LASTS_MS);
    assert.equal(UNASKED_PAIRS, syncDesk.UNASKED_PAIRS);
  });
});
