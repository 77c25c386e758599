/**
 * Puts a notice into the words and the body that each service takes.
 * What a container, a host or a process chose is never markup there, calls nobody by name, makes no link, and is bounded.
 */
import type { NoticeTemplate } from '../alertSchema.ts';
import type { Notice } from './notice.ts';

const LONGEST_WHAT = 200;
const LONGEST_WHY = 500;
const LONGEST_HOST = 100;

interface Words {
  readonly title: string;
  readonly lines: readonly (readonly [label: string, text: string])[];
  readonly command: string;
}

/** Before it is signed. */
export function bodyOf(template: NoticeTemplate, notice: Notice, host: string): object {
  switch (template) {
    case 'plain':
      return plainBody(notice, host);
    case 'dingtalk': {
      const words = wordsOf(notice, host, withoutMarkdown);
      return { msgtype: 'markdown', markdown: { title: words.title, text: markdown(words, '\n\n') } };
    }
    case 'wecom':
      return {
        msgtype: 'markdown',
        markdown: { content: markdown(wordsOf(notice, host, withoutMarkdown), '\n') },
      };
    case 'feishu':
      return { msg_type: 'text', content: { text: plainText(wordsOf(notice, host, withoutTags)) } };
    case 'slack':
      return { text: plainText(wordsOf(notice, host, withoutSlackMarks)), mrkdwn: false };
  }
}

/** Also for a log: one line without control characters, cut where it is too long. */
export function bounded(text: string, most: number): string {
  // First the cut: the text may be as long as it likes.
  const points = Array.from(
    text
      .slice(0, most * 8)
      .replace(/[\p{C}\p{Z}]+/gu, ' ')
      .trim(),
  );
  return points.length <= most ? points.join('') : `${points.slice(0, most - 1).join('')}…`;
}

/** Field by field what README documents. */
function plainBody(notice: Notice, host: string): object {
  const { kind, key, severity, what, since, why, next, command, at } = notice;
  return {
    ...{ apiVersion: 'garrison/v1', kind: 'Notice', event: kind, key: bounded(key, LONGEST_WHAT), severity },
    ...{ host: bounded(host, LONGEST_HOST), what: bounded(what, LONGEST_WHAT), since },
    ...{ why: bounded(why, LONGEST_WHY), next: bounded(next, LONGEST_WHY), command, at },
  };
}

function wordsOf(notice: Notice, host: string, harmless: (text: string) => string): Words {
  const say = (text: string, most: number): string => harmless(bounded(text, most));
  const { kind, severity, what, since, why, next, command, at } = notice;
  const sign = { begun: severity, lasts: `${severity}, still`, over: 'all clear' }[kind];
  const title = `${say(host, LONGEST_HOST)}: ${sign}: ${say(what, LONGEST_WHAT)}`;
  if (kind === 'over') return { title, lines: [['from', `${since} to ${at}`]], command };
  const lines = [
    ['since', since],
    ['why', say(why, LONGEST_WHY)],
    ['next', say(next, LONGEST_WHY)],
  ] as const;
  return { title, lines, command };
}

function plainText({ title, lines, command }: Words): string {
  return [title, ...lines.map(([label, text]) => `${label}: ${text}`), command].join('\n');
}

/** The command alone is in a code span; it holds nothing that could end one. */
function markdown({ title, lines, command }: Words, newLine: string): string {
  return [`**${title}**`, ...lines.map(([label, text]) => `${label}: ${text}`), `\`${command}\``].join(
    newLine,
  );
}

const LOOK_ALIKE: Readonly<Record<string, string>> = {
  '<': '＜',
  '>': '＞',
  '[': '［',
  ']': '］',
  '`': 'ˋ',
  '*': '＊',
  '#': '＃',
  '~': '～',
  '|': '｜',
  '\\': '＼',
  '@': '＠',
  '&': '＆',
};

/** Not one of these services documents how to escape its markup, so what could be some is replaced by what looks like it. */
function withoutMarkdown(text: string): string {
  return withoutLinks(text)
    .replace(/[<>[\]`*#~|\\@&]/g, (mark) => LOOK_ALIKE[mark] ?? mark)
    .replace(/(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, (marks) => '＿'.repeat(marks.length));
}

function withoutTags(text: string): string {
  return withoutLinks(text).replace(/[<>@&]/g, (mark) => LOOK_ALIKE[mark] ?? mark);
}

/** As Slack wants it, which has no other special characters once its markdown is off. */
function withoutSlackMarks(text: string): string {
  return withoutLinks(text)
    .replace(/@/g, '＠')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}

/** Chats make a link of every address, which a name or an error may have been chosen for. */
function withoutLinks(text: string): string {
  return text.replace(/:\/\//g, ': //');
}
