/** The text of the remote script: what a run on one host may not show. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isReason } from '../../src/push/reason.ts';
import { standardInput } from '../../src/worker/remoteScript.ts';

const FOLDER = new URL('../../src/worker/remote/', import.meta.url);
const ALL = readdirSync(FOLDER)
  .map((name) => readFileSync(new URL(name, FOLDER), 'utf8'))
  .join('');
/** Words of the shell and programs that may stand first on a line. */
const KNOWN = new Set(
  (
    'if then elif else fi case esac for while until do done return exit exec shift set trap read unset export printf cd umask wait kill sleep ' +
    'echo command true rm mv cat df ls grep getent timeout text uname tail mkdir flock chmod sync break cp'
  ).split(' '),
);

describe('the remote script', () => {
  for (const kind of ['push', 'revoke', 'remove', 'undo', 'planUndo'] as const) {
    it(`of a ${kind} calls nothing that is not there: a guard that is missing would be no guard`, () => {
      const script = standardInput(kind, []).replace(/^as_user_\w+='[^']*'/gm, '');
      const defined = new Set([...script.matchAll(/^(\w+)\(\) \{$/gm)].map((match) => match[1] ?? ''));
      assert.ok(defined.has('prove_ours') && defined.has('check_fence') && defined.has('take_lock'));
      const calls = [
        ...script.matchAll(/^(?:if |while |until |! |else )*([a-z][a-z0-9_]*)(?= (?!\|)|$)/gm),
      ].map((match) => match[1] ?? '');
      const unknown = new Set(
        calls.filter((word) => !defined.has(word) && !KNOWN.has(word) && word !== kind),
      );
      assert.deepEqual(
        [...unknown],
        ['check', 'plan', 'push', 'revoke', 'remove', 'survey_owned', 'undo'].filter((other) =>
          unknown.has(other),
        ),
      );
    });
  }

  it('answers only with reasons that have a sentence', () => {
    const named = [...ALL.matchAll(/(?:refuse \w+|settle \w+|refuse_for_disk|give_up) ([A-Z]\w+)/g)].map(
      (match) => match[1] ?? '',
    );
    assert.ok(named.length > 40);
    for (const reason of named) assert.ok(isReason(reason), reason);
  });

  it('parses in dash, busybox sh and POSIX bash', () => {
    for (const kind of ['push', 'revoke', 'check', 'plan', 'survey', 'remove', 'undo', 'planUndo'] as const) {
      for (const shell of [['dash'], ['busybox', 'sh'], ['bash', '--posix']]) {
        execFileSync(shell[0] ?? '', [...shell.slice(1), '-n'], {
          input: standardInput(kind, []),
          stdio: ['pipe', 'ignore', 'pipe'],
        });
      }
    }
  });
});
