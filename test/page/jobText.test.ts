/** The pure parts of the page's jobs: rows of a log, its resumption, the filter in the address, what is never sent, and whose fault a refusal is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { filterOf, fits, searchOf } from '../../src/page/jobs/jobFilter.ts';
import { fieldOf, isPrivateKey } from '../../src/page/jobs/keyCheck.ts';
import { LogWindow } from '../../src/page/jobs/logText.ts';
import { readable } from '../../src/page/words/readable.ts';
import { bodyOf, EMPTY_WISH, missingIn } from '../../src/page/jobs/pushWish.ts';
import { parseAccountWish, type AccountInput } from '../../src/push/account.ts';
import { GarrisonError } from '../../src/errors.ts';
import type { JobView } from '../../src/supervisor/door.ts';
import { jobRecord } from '../support/jobRecord.ts';

const texts = (window: LogWindow): string[] => window.rows().map(({ text }) => text);
const numbers = (window: LogWindow): (number | null)[] => window.rows().map(({ number }) => number);

describe('a line of a log', () => {
  it('loses its colours, and shows every other control character', () => {
    assert.equal(readable('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007plain\r'), 'red plain');
    assert.equal(readable('a\u0000b\u0007c\td\u007f'), 'a␀b␇c\td␡');
    assert.equal(readable('half an escape \u001b['), 'half an escape ␛[');
    assert.equal(readable('\u202ereversed\u200b\u0085'), '<U+202E>reversed<U+200B><U+0085>');
    assert.equal(readable('<img src=x>'), '<img src=x>');
    assert.equal(readable('中文 é \ufffd'), '中文 é \ufffd');
  });
});

describe('the window of a log', () => {
  it('numbers its lines from the beginning, and goes on over chunks that cut a line', () => {
    const window = new LogWindow();
    window.append({ text: 'one\ntwo\n', from: 0, to: 8 });
    window.append({ text: 'thr', from: 8, to: 11 });
    window.append({ text: 'ee\n\nfive', from: 11, to: 19 });
    assert.deepEqual(texts(window), ['one', 'two', 'thr', 'ee', '', 'five']);
    assert.deepEqual(numbers(window), [1, 2, 3, null, 4, 5]);
    assert.deepEqual([window.from, window.to], [0, 19]);
  });
  it('has no numbers where it does not know what came before', () => {
    const window = new LogWindow();
    window.append({ text: 'x\n', from: 500, to: 502 });
    assert.deepEqual(numbers(window), [null]);
    window.prepend({ text: 'whole\nbeginning\n', from: 0, to: 500 });
    assert.deepEqual(
      [texts(window), numbers(window)],
      [
        ['whole', 'beginning', 'x'],
        [1, 2, 3],
      ],
    );
  });
  it('shows another log instead when what comes does not go on where it ended', () => {
    const window = new LogWindow();
    window.append({ text: 'old\n', from: 0, to: 4 });
    window.append({ text: 'new\n', from: 0, to: 4 });
    assert.deepEqual(texts(window), ['new']);
    window.prepend({ text: 'elsewhere\n', from: 10, to: 20 });
    assert.deepEqual(texts(window), ['new']);
  });
  it('stays within its bounds, keeps the end, and goes on counting', () => {
    const window = new LogWindow();
    let to = 0;
    for (let part = 0; part < 100; part += 1) {
      const text = Array.from(
        { length: 1_000 },
        (_, line) => `line ${String(part * 1_000 + line + 1)}\n`,
      ).join('');
      window.append({ text, from: to, to: to + text.length });
      to += text.length;
    }
    const rows = window.rows();
    assert.ok(rows.length >= 5_000 && rows.length <= 6_000, String(rows.length));
    for (const { number, text } of rows) assert.equal(text, `line ${String(number)}`);
    assert.equal(rows.at(-1)?.number, 100_000);
  });
  it('stays within its bounds of bytes, too, and keeps what its reader has gone back to', () => {
    const window = new LogWindow();
    const append = (parts: number): void => {
      for (let part = 0; part < parts; part += 1) {
        const text = `${'x'.repeat(99_999)}\n`;
        window.append({ text, from: window.to, to: window.to + text.length });
      }
    };
    append(50);
    assert.ok(window.to - window.from <= 1_200_000, String(window.to - window.from));
    window.isReadBack = true;
    const { from } = window;
    const keys = window.rows().map(({ key }) => key);
    append(10);
    assert.equal(window.from, from);
    assert.deepEqual(
      window
        .rows()
        .map(({ key }) => key)
        .slice(0, keys.length),
      keys,
    );
    append(50);
    assert.ok(window.to - window.from <= 4_400_000 && window.isFull);
  });
  it('shows a very long line as several rows', () => {
    const window = new LogWindow();
    window.append({ text: `${'x'.repeat(10_000)}\nend\n`, from: 0, to: 10_005 });
    assert.deepEqual(numbers(window), [1, null, null, 2]);
    assert.equal(texts(window).slice(0, 3).join(''), 'x'.repeat(10_000));
  });
});

describe('the filter of jobs', () => {
  it('is what the address says, and the address what it is', () => {
    const search = '?state=failed&q=ti%26me&host=web-1&sort=oldest';
    assert.equal(searchOf(filterOf(search)), search);
    assert.equal(searchOf(filterOf('?state=great&sort=x&other=1')), '');
  });
  it('fits a job by all that is said of it', () => {
    const job: JobView = {
      ...jobRecord('j-7', { state: 'failed', host: 'web-1' }),
      position: null,
      waitingFor: null,
    };
    assert.ok(fits(job, filterOf('?state=failed&q=WEB')));
    assert.ok(!fits(job, filterOf('?state=done')));
    assert.ok(!fits(job, filterOf('?host=web')));
    assert.ok(!fits(job, filterOf('?q=nothing')));
  });
});

describe('the form of a push', () => {
  const wish = { ...EMPTY_WISH, name: ' eva ', keys: '# mine\nssh-ed25519 AAAA eva\n\n', hosts: ['web-1'] };
  it('knows private keys in every form that is pasted', () => {
    for (const text of [
      '-----BEGIN OPENSSH PRIVATE KEY-----\nabc',
      '-----BEGIN RSA PRIVATE KEY-----',
      'PuTTY-User-Key-File-3: ssh-ed25519',
      'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAA',
    ]) {
      assert.ok(isPrivateKey(text), text);
      assert.throws(() => bodyOf({ ...wish, keys: text }, true), /never sent/);
      assert.equal(missingIn({ ...wish, keys: text }).keys, 'push.private');
    }
    assert.ok(!isPrivateKey('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtKJq0 a@b'));
  });
  it('makes a request of what was given, and of nothing else', () => {
    assert.deepEqual(
      bodyOf({ ...wish, groups: 'docker, adm', sudo: 'commands', commands: '/bin/ls' }, true),
      {
        ...{ kind: 'push', hosts: ['web-1'], dryRun: true },
        account: { name: 'eva', keys: ['ssh-ed25519 AAAA eva'], groups: ['docker', 'adm'], sudo: '/bin/ls' },
      },
    );
    assert.deepEqual(bodyOf({ ...wish, kind: 'check', reason: ' why ' }, false), {
      ...{ kind: 'check', hosts: ['web-1'], dryRun: false, account: null, reason: 'why' },
    });
    assert.deepEqual(missingIn(EMPTY_WISH), {
      ...{ name: 'push.needName', keys: 'push.needKeys', hosts: 'push.needHosts' },
    });
  });
  it('shows each refusal of an account at the field it is about', () => {
    const refused = (input: Partial<AccountInput>): string | null => {
      try {
        parseAccountWish({ name: 'eva', keys: [], ...input });
      } catch (error) {
        if (error instanceof GarrisonError) return fieldOf(error.code, error.message);
      }
      return 'not refused';
    };
    assert.equal(refused({ name: 'Al ice' }), 'name');
    assert.equal(refused({ name: 'root' }), 'name');
    assert.equal(refused({ name: 'EVA' }), 'name');
    assert.equal(refused({ keys: ['nonsense'] }), 'keys');
    assert.equal(refused({ groups: ['a b'] }), 'groups');
    assert.equal(refused({ shell: 'bash' }), 'shell');
    assert.equal(refused({ sudo: 'ls' }), 'sudo');
    assert.equal(refused({ comment: 'a:b' }), 'comment');
    assert.equal(fieldOf('HOST_UNKNOWN', 'x'), 'hosts');
    assert.equal(fieldOf('USAGE', 'the request is not understood: account.groups.0: Too big'), 'groups');
    assert.equal(fieldOf('REDIS_UNAVAILABLE', 'x'), null);
  });
});
