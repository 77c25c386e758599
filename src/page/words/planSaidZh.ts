/**
 * What a plan, its notes and a verification say, in Chinese, as far as it is put together from a closed set of phrases.
 * What is not of that set is given back as null, and then shown as it came; names and keys stay what they are.
 */
import type { ChangeCode, PlannedChange } from '../../supervisor/door.ts';

type Phrase = readonly [said: RegExp, zh: string];

const PASSWORD: readonly Phrase[] = [
  [/^set$/, '已设置'],
  [/^locked$/, '已锁定'],
  [/^none$/, '无'],
];

const ITS_CRONTAB: Phrase = [/^its crontab$/, '其 crontab'];

const OUR_RULE: readonly Phrase[] = [
  [/^the rule of before$/, '此前的规则'],
  [/^our rule$/, 'Garrison 的规则'],
  [/^a rule that outlived its account$/, '账号消失后遗留的规则'],
  [/^all commands, without a password$/, '全部命令，无需密码'],
  [/^another rule of ours, or one that was changed by hand$/, 'Garrison 的另一条规则，或被人手工改过的规则'],
];

/** Of what each change is about, and of what was there before. */
const WHAT: Readonly<Record<ChangeCode, readonly Phrase[]>> = {
  'account-created': [[/^account (\S+), home (.*)$/, '账号 $1，主目录 $2']],
  'account-adopted': [[/^account (\S+), with all that it has$/, '账号 $1，保留其现有的一切']],
  'account-taken': [[/^account (\S+), with its home and files$/, '账号 $1，连同其主目录和文件']],
  'password-removed': [[/^its password, lock and end$/, '其密码、锁定和有效期'], ...PASSWORD],
  'account-unlocked': [
    [/^locked by a revoke of ours$/, '由 Garrison 的回收锁定'],
    [/^locked$/, '已锁定'],
  ],
  'account-locked': [
    [/^password locked, account expired$/, '锁定密码，账号设为过期'],
    [/^open$/, '未锁定'],
  ],
  'shell-set': [],
  'comment-set': [],
  'groups-added': [],
  'groups-removed': [],
  'keys-added': [],
  'keys-removed': [[/^all (\d+) that are not wished$/, '不在要求之列的全部 $1 个']],
  'keys-restored': [[/^(\d+) keys?$/, '$1 个密钥']],
  'password-set': [[/^the wished one$/, '所要求的密码'], [/^another$/, '另一个密码'], ...PASSWORD],
  'access-restored': [[/^its password, lock and end$/, '其密码、锁定和有效期']],
  'home-archived': [ITS_CRONTAB],
  'account-removed': [[/^the push made it$/, '由该次推送创建']],
  'home-removed': [],
  'crontab-removed': [ITS_CRONTAB],
  'sudo-written': OUR_RULE,
  'sudo-removed': OUR_RULE,
};

/** What the change is about; `before` likewise. As it came where it is a name, a key or a path. */
export function aboutZh({ code }: Pick<PlannedChange, 'code'>, text: string): string {
  return Object.hasOwn(WHAT, code) ? (said(text, WHAT[code]) ?? text) : text;
}

const KEYS = '(\\d+) keys?';
const HAS = `password (\\S+), shell (.*), groups (.*), ${KEYS}`;
const HAS_ZH = '密码 $1，shell $2，用户组 $3，密钥 $4 个';

const NOTES: readonly Phrase[] = [
  [
    new RegExp(
      `^it is there: uid (\\d+), home (.*), shell (.*), password (\\S+), groups (.*), ${KEYS} of its own$`,
    ),
    '该账号已存在：uid $1，主目录 $2，shell $3，密码 $4，用户组 $5，自有密钥 $6 个',
  ],
  [/^a sudo rule of somebody else names it and stays: (.*)$/, '他人的一条 sudo 规则提到它，将保留：$1'],
  [/^(\d+) process(?:es)? of it run and are not ended$/, '它有 $1 个进程在运行，不会被结束'],
  [/^(\d+) keys? of others stay$/, '他人的 $1 个密钥将保留'],
  [
    new RegExp(`^it was made by somebody else and is Garrison's from now on; what it has stays: ${HAS}$`),
    `它由他人创建，今后归 Garrison 管理；现有的一切保留：${HAS_ZH}`,
  ],
  [
    /^a later revoke takes away what Garrison added, and does not lock it$/,
    '以后回收时只移除 Garrison 加的内容，不会锁定它',
  ],
  [
    /^it stays somebody else's; nothing but keys is added, and a later revoke takes just these away$/,
    '它仍归他人所有；只添加密钥，以后回收时也只移除这些密钥',
  ],
  [
    new RegExp(
      `^it was made by somebody else and is wholly Garrison's from now on; what it has is lost: ${HAS}$`,
    ),
    `它由他人创建，今后完全归 Garrison 管理；现有内容将丢失：${HAS_ZH}`,
  ],
  [/^its home and files stay, and a later revoke locks it$/, '其主目录和文件保留，以后回收时会锁定它'],
  [/^the password that Garrison set stays$/, 'Garrison 设置的密码保留'],
  [/^its password is the wished one$/, '其密码已是所要求的'],
  [/^its keys are left alone: none is named beside the password$/, '其密钥不变：除密码外没有指定密钥'],
  [/^an undo was cut short here; this goes on with it$/, '此处有一次撤销被中断，现在继续'],
  [
    /^its home holds nothing but what the push put there, so it is not archived$/,
    '其主目录中只有该次推送放入的内容，因此不归档',
  ],
];

/** Null for a note that is not of the set. */
export function noteZh(note: string): string | null {
  const zh = said(note, NOTES);
  return (
    zh?.replace(/密码 (set|locked|none)(?=，)/, (_, word: string) => `密码${said(word, PASSWORD) ?? word}`) ??
    null
  );
}

/** One for each host, as `notUndoable` of a push has them. */
export function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=\.) (?=it |a )/);
}

const NOT_UNDOABLE: readonly Phrase[] = [
  [/^it has not ended yet\.$/, '它尚未结束。'],
  [/^it changed nothing on any host\.$/, '它没有更改任何主机。'],
  [/^it is being undone on (.*)\.$/, '正在 $1 上撤销。'],
  [/^it was undone on (.*)\.$/, '已在 $1 上撤销。'],
  [
    /^a later \S+ \((\S+)\) changed the account on (.*); undo that first\.$/,
    '之后的任务 $1 更改了 $2 上的该账号：请先撤销它。',
  ],
  [/^a later remove \((\S+)\) changed the account on (.*)\.$/, '之后的任务 $1 已从 $2 移除该账号。'],
];

/** Null where one of the sentences is not of the set. */
export function notUndoableZh(text: string): string | null {
  const zh = sentencesOf(text).map((sentence) => said(sentence, NOT_UNDOABLE));
  return zh.includes(null) ? null : zh.join('');
}

const PRIVILEGES: readonly Phrase[] = [
  [/^in group (\S+)$/, '属于用户组 $1'],
  [/^a sudo rule names it$/, '有 sudo 规则提到它'],
  [/^sudo lets it run commands$/, 'sudo 允许它执行命令'],
];

/** Why an account can become root; what is not of the set stays as it came. */
export function privilegesZh(text: string): string {
  return text
    .split(', ')
    .map((each) => said(each, PRIVILEGES) ?? each)
    .join('，');
}

/** By the English words of what was done on a host. */
const DONE: Readonly<Record<string, string>> = {
  'created account': '已创建账号',
  'adopted account': '已收编账号',
  'took account over': '已接管账号',
  'removed password': '已移除密码',
  'set password': '已设置密码',
  'unlocked account': '已解锁账号',
  'gave its keys back': '已还原其密钥',
  'gave password, lock and end back': '已还原密码、锁定和有效期',
  'locked account': '已锁定账号',
  'set shell': '已设置 shell',
  'set comment': '已设置备注',
  'added to groups': '已加入用户组',
  'removed from groups': '已移出用户组',
  'added key': '已添加密钥',
  'removed key': '已移除密钥',
  'wrote sudo rule': '已写入 sudo 规则',
  'removed sudo rule': '已移除 sudo 规则',
  'archived home': '已归档主目录',
  'removed account': '已移除账号',
  'removed home': '已移除主目录',
  'removed crontab': '已移除 crontab',
  'finished an earlier attempt': '已完成先前的一次尝试',
};

export function doneZh(change: string): string {
  return Object.hasOwn(DONE, change) ? (DONE[change] ?? change) : change;
}

/** Longer ones before those that they hold. */
const PROOFS: readonly Phrase[] = [
  [/a second connection logged in as (\S+)/, '第二个连接已以 $1 的身份登录'],
  [
    /the host only looked at the account once more, nothing else was seen/,
    '主机只再次查看了账号，此外未查看',
  ],
  [
    /its keys are there by their fingerprints, and it is neither locked nor expired/,
    '其密钥经指纹核对均在，且未锁定、未过期',
  ],
  [/sshd -T reads its authorized_keys and lets it in/, 'sshd -T 会读取其 authorized_keys 并放行'],
  [/modes and owners are as StrictModes wants/, '权限和所有者符合 StrictModes'],
  [/sudo -l -U shows its rule/, 'sudo -l -U 显示其规则'],
  [/password set, not proven by login/, '密码已设置，未经登录证实'],
  [/there is nothing to log in with/, '没有可用于登录的密钥'],
  [/the settings of sshd \(there is no sshd where it usually is\)/, 'sshd 的设置（常用位置没有 sshd）'],
  [/the settings of sshd \(sshd -T did not answer\)/, 'sshd 的设置（sshd -T 没有应答）'],
  [
    /whether it can do what sshd wants beside a key \(AuthenticationMethods (.*?)\)/,
    '它能否满足 sshd 在密钥之外的要求（AuthenticationMethods $1）',
  ],
  [/from which addresses DenyUsers refuses it/, 'DenyUsers 拒绝它的来源地址'],
  [/from which addresses AllowUsers lets it in/, 'AllowUsers 允许它的来源地址'],
  [/modes and owners of its files/, '其文件的权限和所有者'],
  [/; not seen: /, '；未查看：'],
  [/a login could not be tried \((.*)\)/, '未能尝试登录（$1）'],
];

/** Null where something in it is not of the set. */
export function verifiedZh(sentence: string): string | null {
  const zh = PROOFS.reduce((text, [english, chinese]) => text.replace(english, chinese), sentence);
  const isWhole = !/[A-Za-z]+ (?:the|is|are|of|was|a|its|to) /.test(zh);
  return isWhole ? zh.replaceAll(', ', '，').replaceAll('; ', '；') : null;
}

function said(text: string, phrases: readonly Phrase[]): string | null {
  const found = phrases.find(([english]) => english.test(text));
  return found === undefined ? null : text.replace(found[0], found[1]);
}
