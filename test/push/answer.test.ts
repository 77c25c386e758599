/** What a host says, read line by line: whole answers, broken ones, hostile ones; and what a result makes of them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { emptyAnswer, printable, readAnswerLine } from '../../src/push/answer.ts';
import type { Answer } from '../../src/push/answer.ts';
import { hostResult } from '../../src/push/hostResult.ts';
import type { HostResult, JobKind, PushTask } from '../../src/push/job.ts';
import { REASONS, isReason, reasonSentence } from '../../src/push/reason.ts';
import type { SshEnding } from '../../src/push/sshFailure.ts';
import { requestLines, taskProblem } from '../../src/push/wire.ts';

const hear = (lines: readonly string[]): Answer => lines.reduce(readAnswerLine, emptyAnswer('n1'));
const BEGIN = ['@garrison1 login 0', '@garrison1 n1 begin', '@garrison1 n1 stage plan'];
const WRITING = [...BEGIN, '@garrison1 n1 stage apply', '@garrison1 n1 writing'];
const WHOLE = [
  ...WRITING,
  '@garrison1 n1 change keys-added',
  '@garrison1 n1 fact uid 1001',
  '@garrison1 n1 result changed verify AccountPushed',
  '@garrison1 n1 end',
];
const EXIT: SshEnding = { cause: 'exit', exitCode: 0, stderr: '', scriptSent: true };

function resultOf(
  lines: readonly string[],
  more: Partial<SshEnding> = {},
  kind: JobKind = 'push',
): HostResult {
  return hostResult(
    { ...TASK, kind },
    { answer: hear(lines), ending: { ...EXIT, ...more }, at: '2026-01-01T00:00:00.000Z' },
  );
}
const brief = (result: HostResult): string => `${result.outcome} ${result.stage} ${result.reason}`;

describe('an answer', () => {
  it('is whole only with its end, and stands whatever became of ssh', () => {
    assert.equal(brief(resultOf(WHOLE)), 'changed verify AccountPushed');
    assert.equal(
      brief(resultOf(WHOLE, { cause: 'cancelled', exitCode: null })),
      'changed verify AccountPushed',
    );
    assert.deepEqual(resultOf(WHOLE).changes, ['added key']);
    assert.equal(brief(resultOf(WHOLE.slice(0, -1), { exitCode: 255 })), 'unknown verify ConnectionLost');
  });

  it('that is missing means unknown as soon as the host may have changed', () => {
    assert.equal(
      brief(resultOf([], { exitCode: 255, scriptSent: false, stderr: 'x: Connection refused' })),
      'failed connect ConnectRefused',
    );
    assert.equal(brief(resultOf(BEGIN, { exitCode: 255 })), 'unknown plan ConnectionLost');
    assert.equal(brief(resultOf(BEGIN, { exitCode: 2 })), 'failed plan ScriptEnded');
    assert.equal(brief(resultOf(WRITING, { exitCode: 2 })), 'unknown apply ScriptEnded');
    assert.equal(
      brief(resultOf(BEGIN, { cause: 'idleTimeout', exitCode: null })),
      'unknown plan IdleTimedOut',
    );
    assert.equal(
      brief(resultOf(BEGIN, { cause: 'cancelled', exitCode: null }, 'check')),
      'failed plan Cancelled',
    );
    assert.match(resultOf(WRITING, { exitCode: 255 }).detail, /push the same again/);
  });

  it('of an undo or a removal that was cut off or failed half-way names the retry of it, and no push', () => {
    const failed = (left: string, reason = 'SudoNotWritten'): readonly string[] => [
      ...WRITING,
      `@garrison1 n1 text left ${btoa(left)}`,
      `@garrison1 n1 result failed apply ${reason}`,
      '@garrison1 n1 end',
    ];
    const cut = (kind: JobKind): string => resultOf(WRITING, { exitCode: 255 }, kind).detail;
    for (const kind of ['undo', 'remove'] as const) {
      assert.match(cut(kind), /may still run: garrison retry j-1, it goes on where this stopped\.$/);
      const said = ['changes', 'account'].map((left) => resultOf(failed(left), {}, kind).detail);
      said.push(resultOf(failed('its groups', 'VerifyFailed'), {}, kind).detail);
      for (const detail of said) {
        assert.match(detail, /garrison retry j-1/);
        assert.doesNotMatch(detail, /push/);
      }
    }
    assert.match(resultOf(failed('changes')).detail, /stays; the next push goes on with it\.$/);
    assert.match(resultOf(failed('its groups', 'VerifyFailed')).detail, /at the same time: push again/);
    assert.match(cut('revoke'), /push the same again/);
  });

  it('ignores noise and other nonces, and distrusts marked lines without form', () => {
    const noise = [
      'hello',
      '@garrison2 n1 end',
      '@garrison1 n2 result changed verify AccountPushed',
      '@garrison1',
      '',
    ];
    assert.deepEqual(hear([...noise, ...WHOLE.flatMap((line) => [line, ...noise])]), hear(WHOLE));
    for (const bad of [
      'fact uid $(x)',
      'fact 1 1',
      'text a %%%',
      'change sold-the-house',
      'result changed verify NoSuchReason',
      'result done verify AccountPushed',
      'stage lunch',
      'what',
      'end',
      '',
    ]) {
      assert.equal(brief(resultOf([...BEGIN, `@garrison1 n1 ${bad}`])), 'unknown plan AnswerInvalid', bad);
    }
    const back = [...WRITING, '@garrison1 n1 stage plan'];
    assert.equal(brief(resultOf(back)), 'unknown apply AnswerInvalid', 'a stage never comes back');
  });

  it('never throws and never grows, whatever bytes arrive', () => {
    const word = fc.oneof(
      fc.constantFrom(
        '@garrison1',
        'n1',
        'begin',
        'login',
        '0',
        'fact',
        'text',
        'result',
        'changed',
        'verify',
        'end',
        'stage',
        '__proto__',
        'constructor',
      ),
      fc.string(),
    );
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word, { maxLength: 6 }).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 80 }), (lines) => {
        const result = resultOf([...BEGIN, ...lines]);
        assert.ok(isReason(result.reason));
        assert.ok(result.changes.length <= 32 && Object.keys(result.facts).length <= 32);
        assert.ok(result.detail.length < 2000);
        for (const text of [result.detail, ...Object.values(result.facts)])
          assert.equal(printable(text), text.trim());
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a reason', () => {
  it('has a sentence that ends, with no word left open', () => {
    for (const reason of REASONS) {
      const sentence = reasonSentence(reason, {
        host: 'web-1',
        account: 'ada',
        address: '10.0.0.1',
        port: '22',
        connectSeconds: '10',
      });
      assert.match(sentence, /\.$/);
      assert.doesNotMatch(sentence, /[{}]|\(\)|\( /, reason);
    }
  });
});

describe('a request', () => {
  it('is base64 and a line that counts it', () => {
    const lines = requestLines(TASK, {
      nonce: 'n1',
      token: 't1',
      askedAt: '2026-01-01T00:00:00Z',
      deadlineSeconds: 60,
      lockWaitSeconds: 20,
    });
    const blob = lines.slice(0, -1).join('');
    assert.equal(lines.at(-1), `end ${String(blob.length)}`);
    assert.match(blob, /^[A-Za-z0-9+/]+={0,2}$/);
    assert.match(atob(blob), /^kind push\nnonce n1\njob j-1\n[^]*\nsudowish none\n/);
  });

  it('is not made of what could be a path, an option or another line', () => {
    assert.equal(taskProblem(TASK), null);
    const host = TASK.host;
    const bad: Partial<PushTask>[] = [
      ...['../x', '', 'a b', 'a\nb', '.x'].map((jobId) => ({ jobId })),
      ...['-oX', 'a@b', 'a b', '', 'ssh://x'].map((address) => ({ host: { ...host, address } })),
      ...['-l', 'a b', ''].map((user) => ({ host: { ...host, user } })),
      { host: { ...host, port: 0 } },
      { fence: { ...TASK.fence, epoch: -1 } },
      { fence: { ...TASK.fence, clusterId: 'a/b' } },
      { account: null },
    ];
    for (const more of bad) assert.notEqual(taskProblem({ ...TASK, ...more }), null, JSON.stringify(more));
  });
});

const TASK: PushTask = {
  jobId: 'j-1',
  attempt: 1,
  kind: 'push',
  fence: { clusterId: 'c1', epoch: 1, counter: 1 },
  account: { name: 'ada', keys: [], groups: [], shell: null, sudo: { kind: 'none' }, comment: '' },
  host: { name: 'web-1', address: '10.0.0.1', port: 22, user: 'root' },
  ssh: {
    identityFile: '/k',
    knownHostsFiles: ['/h'],
    connectTimeoutMs: 1,
    idleTimeoutMs: 1,
    totalTimeoutMs: 1,
  },
  logFile: '/dev/null',
};
