/**
 * The words of the sign-in page in the reader's language.
 * It never says more to a stranger than the one uniform text.
 */
import type { Refusal } from './loginDesk.ts';

export type Language = 'en' | 'zh';

interface Words {
  readonly title: string;
  readonly name: string;
  readonly password: string;
  readonly button: string;
  readonly hint: string;
  /** The same for a wrong password, a lock, and a name that does not exist. */
  readonly refused: string;
  readonly wait: Readonly<Record<'source' | 'crowd', (seconds: number) => string>>;
  readonly explained: (refusal: Refusal, name: string) => readonly string[];
}

const en: Words = {
  title: 'Sign in',
  name: 'Name',
  password: 'Password',
  button: 'Sign in',
  hint: 'No account? On the machine itself, garrison sign-in prints a link that signs in once.',
  refused:
    'That did not sign you in. Check the spelling of the name first: names which do not exist are never locked, and no password fits them. Then check the password. After many wrong passwords an account is locked for a while from your address; the lock ends by itself, trying again does not lengthen it, and an administrator can end it sooner.',
  wait: {
    source: (seconds) =>
      `Too many tries from your address just now. Nothing was looked at; try again in ${String(seconds)} s.`,
    crowd: (seconds) =>
      `Very many are trying to sign in just now. Nothing was looked at, and this try does not count against you; try again in ${String(seconds)} s.`,
  },
  explained: (refusal, name) => {
    switch (refusal.why) {
      case 'unknown': {
        const nearest = refusal.nearest();
        return [
          `There is no account of that name: ${name}.`,
          ...(nearest === null ? [] : [`The nearest is ${nearest}.`]),
          'Names which do not exist are never locked.',
        ];
      }
      case 'wrong':
        return [
          'The account exists; the password is wrong.',
          `${String(refusal.triesLeft)} more wrong ${refusal.triesLeft === 1 ? 'one locks' : 'ones lock'} it from your address for a while.`,
        ];
      case 'locked':
        return [
          `The account exists and is locked from your address until ${refusal.until}.`,
          `Trying again does not lengthen it. An administrator ends it sooner with: garrison user unlock ${name}`,
        ];
    }
  },
};

const zh: Words = {
  title: '登录',
  name: '用户名',
  password: '密码',
  button: '登录',
  hint: '没有账号？在本机上运行 garrison sign-in，会打印一个一次性登录链接。',
  refused:
    '登录失败。请先检查用户名的拼写：不存在的用户名永远不会被锁定，任何密码也都不适用。再检查密码。多次输错密码后，该账号会在您的地址上被锁定一段时间；锁定会自动解除，重试不会延长锁定，管理员也可以提前解锁。',
  wait: {
    source: (seconds) => `您的地址尝试过于频繁，本次未做任何验证；请在 ${String(seconds)} 秒后重试。`,
    crowd: (seconds) =>
      `当前尝试登录的请求过多，本次未做任何验证，也不计入您的尝试次数；请在 ${String(seconds)} 秒后重试。`,
  },
  explained: (refusal, name) => {
    switch (refusal.why) {
      case 'unknown': {
        const nearest = refusal.nearest();
        return [
          `没有这个用户名的账号：${name}。`,
          ...(nearest === null ? [] : [`最接近的账号是 ${nearest}。`]),
          '不存在的用户名永远不会被锁定。',
        ];
      }
      case 'wrong':
        return [
          '账号存在，但密码错误。',
          `再输错 ${String(refusal.triesLeft)} 次，该账号会在您的地址上被锁定一段时间。`,
        ];
      case 'locked':
        return [
          `账号存在，但在您的地址上已被锁定，直到 ${refusal.until}。`,
          `重试不会延长锁定。管理员可以提前解锁：garrison user unlock ${name}`,
        ];
    }
  },
};

export const LOGIN_WORDS: Readonly<Record<Language, Words>> = { en, zh };

/** By what the browser would rather read; English when it names neither. */
export function preferredLanguage(acceptLanguage: string | undefined): Language {
  let best: { language: Language; weight: number } | null = null;
  for (const part of (acceptLanguage ?? '').slice(0, 500).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const language = /^(en|zh)(?:-|$)/.exec(tag)?.[1] as Language | undefined;
    const quality = parameters.map((each) => /^\s*q=([\d.]+)$/.exec(each)?.[1]).find((q) => q !== undefined);
    const weight = quality === undefined ? 1 : Number(quality);
    if (language !== undefined && weight > 0 && (best === null || weight > best.weight))
      best = { language, weight };
  }
  return best?.language ?? 'en';
}
