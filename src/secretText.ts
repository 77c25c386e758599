/**
 * Hides what looks like a secret in texts that are handed on: values behind telling names, passwords in URLs, private keys.
 * It can only go by names and shapes: a secret that looks like any other word it can't tell.
 */

export const HIDDEN = '***';
export const SECRET_NAME =
  /pass(?:word|wd|phrase)?|secret|token|credential|api-?_?key|private-?_?key|access-?_?key|auth/i;

const KEY_BLOCK = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const URL_LOGIN = /([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi;
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]+/gi;
/** `password=x`, `"token": "x"`, `--secret x`; the name may have more before and behind it. */
const NAMED =
  /([\w.-]{0,40}(?:passw|passphrase|secret|token|credential|api-?_?key|private-?_?key|access-?_?key)[\w.-]{0,40}["']?\s*[=:]\s*|--[\w-]{0,40}(?:passw|passphrase|secret|token)[\w-]{0,40}\s+)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&}"']+)/gi;

export function withoutSecretText(text: string): string {
  return text
    .replace(KEY_BLOCK, HIDDEN)
    .replace(URL_LOGIN, `$1${HIDDEN}@`)
    .replace(BEARER, `$1 ${HIDDEN}`)
    .replace(NAMED, `$1${HIDDEN}`);
}

/** The same with every text in it; what a telling name holds is hidden whole. */
export function withoutSecretTexts(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecretText(value);
  if (Array.isArray(value)) return value.map(withoutSecretTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      const isSecret =
        typeof each === 'string' && /passw|passphrase|secret|token|credential|private_?key/i.test(name);
      return [name, isSecret ? HIDDEN : withoutSecretTexts(each)];
    }),
  );
}
