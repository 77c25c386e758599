/** The bodies as each service takes them, word by word, and that no stranger's text is more than text in them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Notice } from '../../src/reconciler/notice.ts';
import { bodyOf, bounded } from '../../src/reconciler/noticeText.ts';

const NOTICE: Notice = {
  ...{ kind: 'begun', key: 'container/jms_core/quarantine', severity: 'error' },
  ...{ what: 'container jms_core is in quarantine', since: '2025-01-02T03:04:05.678Z' },
  why: 'its health check says: <b>500</b> & [more](http://evil.example) *now* @all',
  ...{ next: 'See how it came to this', command: 'garrison why container/jms_core' },
  at: '2025-01-02T03:04:15.678Z',
};
const OVER: Notice = { ...NOTICE, kind: 'over' };
const HOST = 'bastion-a';

describe('the body', () => {
  it('in plain JSON', () => {
    assert.deepEqual(bodyOf('plain', NOTICE, HOST), {
      apiVersion: 'garrison/v1',
      kind: 'Notice',
      event: 'begun',
      key: 'container/jms_core/quarantine',
      severity: 'error',
      host: 'bastion-a',
      what: 'container jms_core is in quarantine',
      since: '2025-01-02T03:04:05.678Z',
      why: 'its health check says: <b>500</b> & [more](http://evil.example) *now* @all',
      next: 'See how it came to this',
      command: 'garrison why container/jms_core',
      at: '2025-01-02T03:04:15.678Z',
    });
  });

  it('for DingTalk', () => {
    assert.deepEqual(bodyOf('dingtalk', NOTICE, HOST), {
      msgtype: 'markdown',
      markdown: {
        title: 'bastion-a: error: container jms_core is in quarantine',
        text: [
          '**bastion-a: error: container jms_core is in quarantine**',
          'since: 2025-01-02T03:04:05.678Z',
          'why: its health check says: ＜b＞500＜/b＞ ＆ ［more］(http: //evil.example) ＊now＊ ＠all',
          'next: See how it came to this',
          '`garrison why container/jms_core`',
        ].join('\n\n'),
      },
    });
  });

  it('for WeCom, of a reminder', () => {
    assert.deepEqual(bodyOf('wecom', { ...NOTICE, kind: 'lasts' }, HOST), {
      msgtype: 'markdown',
      markdown: {
        content: [
          '**bastion-a: error, still: container jms_core is in quarantine**',
          'since: 2025-01-02T03:04:05.678Z',
          'why: its health check says: ＜b＞500＜/b＞ ＆ ［more］(http: //evil.example) ＊now＊ ＠all',
          'next: See how it came to this',
          '`garrison why container/jms_core`',
        ].join('\n'),
      },
    });
  });

  it('for Feishu', () => {
    assert.deepEqual(bodyOf('feishu', NOTICE, HOST), {
      msg_type: 'text',
      content: {
        text: [
          'bastion-a: error: container jms_core is in quarantine',
          'since: 2025-01-02T03:04:05.678Z',
          'why: its health check says: ＜b＞500＜/b＞ ＆ [more](http: //evil.example) *now* ＠all',
          'next: See how it came to this',
          'garrison why container/jms_core',
        ].join('\n'),
      },
    });
  });

  it('for Slack, of the all clear', () => {
    assert.deepEqual(bodyOf('slack', OVER, HOST), {
      mrkdwn: false,
      text: [
        'bastion-a: all clear: container jms_core is in quarantine',
        'from: 2025-01-02T03:04:05.678Z to 2025-01-02T03:04:15.678Z',
        'garrison why container/jms_core',
      ].join('\n'),
    });
    const { text } = bodyOf('slack', { ...NOTICE, why: '<!channel> & co' }, HOST) as { text: string };
    assert.match(text, /why: &lt;!channel&gt; &amp; co/);
  });
});

const ANY = fc.oneof(fc.string({ unit: 'binary', maxLength: 3000 }), fc.string({ unit: 'grapheme' }));

describe('text of strangers', () => {
  it('is one bounded line, whatever it is', () => {
    fc.assert(
      fc.property(ANY, (text) => {
        const line = bounded(text, 50);
        assert.ok(Array.from(line).length <= 50);
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('is no markup, no mention and no link anywhere, and no body is over what WeCom takes', () => {
    fc.assert(
      fc.property(
        ANY,
        ANY,
        fc.constantFrom('<at user_id="all">', '![x](http://y)', '`', '_a_', '<@U1>'),
        (why, what, more) => {
          const hostile = { ...NOTICE, why: `${why}${more}`, what: `${more}${what}` };
          const { markdown } = bodyOf('wecom', hostile, more) as { markdown: { content: string } };
          const [title = '', ...lines] = markdown.content.split('\n');
          assert.equal(lines.length, 4);
          assert.ok(Buffer.byteLength(markdown.content) <= 4096);
          for (const line of [title.slice(2, -2), ...lines.slice(0, -1)])
            assert.doesNotMatch(line, /[<>[\]`*#~|\\@&]|:\/\/|(?:^|\s)_|_(?:\s|$)/);
          const { content } = bodyOf('feishu', hostile, more) as { content: { text: string } };
          assert.doesNotMatch(content.text, /[<>@&]|:\/\//);
          const { text } = bodyOf('slack', hostile, more) as { text: string };
          assert.doesNotMatch(text, /[<>@]|&(?!amp;|lt;|gt;)|:\/\//);
        },
      ),
    );
  });
});
