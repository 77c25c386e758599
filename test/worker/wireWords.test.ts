/**
 * What is sent to a host and what the host's shell reads of it, held together: every field arrives as it was, in dash, busybox sh and bash,
 * and whatever is typed by whomever is refused with what and why, or arrives as these very characters; none of it is ever run.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { GarrisonError } from '../../src/errors.ts';
import { parseAccountWish, sudoFileName, sudoRule, type AccountInput } from '../../src/push/account.ts';
import { requestLines } from '../../src/push/wire.ts';
import type { PushTask } from '../../src/push/job.ts';
import { standardInput } from '../../src/worker/remoteScript.ts';
import { wish } from './hostLab.ts';

const SHELLS = [['dash'], ['busybox', 'sh'], ['bash', '--posix']] as const;
const KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(42)}B`;
/** No field may hold it, so that it can stand between fields. */
const END = '\u001f';
const FIELDS = [
  ...['name', 'want_comment', 'want_shell', 'want_key_lines', 'want_groups', 'sudo_name', 'sudo_wish'],
  ...['sudo_head', 'sudo_rule', 'login_user', 'job', 'cluster', 'nonce', 'want_claim', 'token', 'asked_at'],
];

describe('words on their way to a host', () => {
  let folder: string;
  let canary: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'words-'));
    canary = join(folder, 'canary');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What the shell has in each field, request by request. */
  const readBack = (shell: readonly string[], requests: readonly (readonly string[])[]): string[][] => {
    const script = standardInput('push', []).replace(/^main <<[^]*$/m, '');
    const probe = `probe() { if read_request; then printf '${'%s\\037'.repeat(FIELDS.length)}\\036' ${FIELDS.map((field) => `"$${field}"`).join(' ')}; else printf 'torn\\037\\036'; fi; }`;
    const calls = requests.map((lines) => `probe <<'GARRISON_DATA'\n${lines.join('\n')}\nGARRISON_DATA\n`);
    const said = execFileSync(shell[0] ?? '', [...shell.slice(1), '-s'], {
      input: `${script}set_scene\ncd ${folder}\n${probe}\n${calls.join('')}`,
      encoding: 'utf8',
      cwd: folder,
    });
    return said
      .split('\u001e')
      .slice(0, -1)
      .map((each) => each.split(END).slice(0, -1));
  };

  /** Characters that a shell, a terminal, sudoers or passwd makes something of. */
  const Evil = fc.oneof(
    fc.constantFrom(
      ...Array.from(`'"\`$\\();&|<>*?~#!%{}[]^=+-@.,:/ \n\r\t\0\u0007\u001b\u007f\u009b\u202e\ufeffäß中𝒳`),
    ),
    fc.constantFrom(
      '$(touch canary)',
      '`touch canary`',
      "';touch canary;'",
      '\nGARRISON_DATA\ntouch canary\n',
      'end 4',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.stringMatching(/^[a-z0-9]{1,8}$/),
  );
  const Text = fc
    .array(Evil, { maxLength: 12 })
    .map((parts) => parts.join(''))
    .map((text) => text.replaceAll('touch canary', `touch ${canary}`));
  const Long = fc
    .tuple(Text, fc.integer({ min: 1, max: 10_000 }))
    .map(([text, times]) => text.repeat(times).slice(0, 10_000));
  const Any = fc.oneof({ weight: 6, arbitrary: Text }, { weight: 1, arbitrary: Long });
  const Name = fc.stringMatching(/^[a-z_][A-Za-z0-9_.-]{0,30}[a-z0-9_-]$/);
  const or = (plain: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.oneof({ weight: 3, arbitrary: plain }, { weight: 2, arbitrary: Any });
  const Comment = fc.stringMatching(/^[!-+\x2d-9;-~]([ -+\x2d-9;-~]{0,98}[!-+\x2d-9;-~])?$/);
  const Command = fc.stringMatching(
    /^\/[A-Za-z0-9._/+@%-]{0,20}[A-Za-z0-9._+@%-]( [A-Za-z0-9._/+@%-]{1,10}){0,2}$/,
  );
  const Input: fc.Arbitrary<AccountInput> = fc.record({
    name: or(Name),
    keys: fc.array(
      fc.oneof(
        fc.constant(KEY),
        Any.map((text) => `${KEY} ${text}`),
        Any,
      ),
      { maxLength: 2 },
    ),
    groups: fc.array(or(Name), { maxLength: 3 }),
    shell: fc.option(or(fc.stringMatching(/^\/[A-Za-z0-9._+-]{1,20}$/)), { nil: null }),
    sudo: fc.oneof(fc.constantFrom('none', 'all'), or(Command)),
    comment: or(Comment),
  });

  const taskOf = (input: AccountInput): PushTask => ({
    ...{ jobId: 'j-1', attempt: 1, kind: 'push', fence: { clusterId: 'c-1', epoch: 1, counter: 1 } },
    account: parseAccountWish(input),
    host: { name: 'web-1', address: '127.0.0.1', port: 22, user: 'root' },
    ssh: {
      ...{ identityFile: '/id', knownHostsFiles: [] },
      ...{ connectTimeoutMs: 1, idleTimeoutMs: 1, totalTimeoutMs: 1 },
    },
    logFile: '/log',
  });
  const extras = {
    nonce: 'n1',
    token: 't1',
    askedAt: '2027-01-01T00:00:00Z',
    deadlineSeconds: 30,
    lockWaitSeconds: 5,
  };
  const linesOf = (task: PushTask): string[] => requestLines(task, extras);
  const expected = (task: PushTask): string[] => {
    const account = task.account ?? wish();
    return [
      account.name,
      account.comment,
      account.shell ?? '',
      account.keys.map((key) => `${key}\n`).join(''),
      account.groups.map((group) => ` ${group}`).join(''),
      sudoFileName(account.name),
      account.sudo.kind,
      '# Garrison c-1 wrote this file and its next push restores it.',
      sudoRule(account.name, account.sudo) ?? '',
      ...['root', 'j-1', 'c-1', 'n1', '', 't1', '2027-01-01T00:00:00Z'],
    ];
  };

  for (const shell of SHELLS) {
    it(`are refused with what and why, or are the same in ${shell.join(' ')}`, () => {
      let [refused, sent] = [0, 0];
      fc.assert(
        fc.property(fc.array(Input, { minLength: 40, maxLength: 80 }), (inputs) => {
          const tasks = inputs.flatMap((input) => {
            try {
              return [taskOf(input)];
            } catch (error) {
              assert.ok(error instanceof GarrisonError, String(error));
              assert.match(error.code, /^(ACCOUNT|KEY)_INVALID$/);
              for (const text of [error.message, error.cure ?? '']) {
                assert.match(text, /^[\x20-\x7e…]+$/, 'nothing of a terminal comes back');
                assert.ok(text.length < 400, text);
              }
              refused += 1;
              return [];
            }
          });
          sent += tasks.length;
          assert.deepEqual(readBack(shell, tasks.map(linesOf)), tasks.map(expected));
          assert.equal(existsSync(canary), false, 'nothing was run');
        }),
        { numRuns: 30 },
      );
      assert.ok(refused > 50 && sent > 50, `${String(refused)} refused, ${String(sent)} sent`);
    });

    it(`that are torn anywhere are no request in ${shell.join(' ')}`, () => {
      const lines = linesOf(taskOf({ name: 'ada', keys: [KEY], comment: "$(touch canary) '" }));
      const whole = lines.join('\n');
      const torn = Array.from({ length: 60 }, (_, index) =>
        whole.slice(0, Math.floor(((whole.length - 1) * index) / 60)).split('\n'),
      );
      assert.deepEqual([...new Set(readBack(shell, torn).flat())], ['torn']);
      assert.equal(existsSync(canary), false);
    });
  }
});
