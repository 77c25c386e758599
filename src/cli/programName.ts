/**
 * Says how to call Garrison from where the reader is, for commands that are shown to be copied.
 * It never runs anything.
 */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveHome } from '../home.ts';

/** `bin/garrison` from the project folder, the whole path from elsewhere, as from a unit of systemd, whose folder is `/`. */
export function programPath(): string {
  const whole = fileURLToPath(new URL('../../bin/garrison', import.meta.url));
  const short = relative(process.cwd(), whole);
  return short.startsWith('..') || process.cwd() === '/' ? whole : short;
}

/** With `--home` where the command would otherwise look elsewhere. */
export function programWithHome(home: string): string {
  const usual = resolveHome({
    flag: null,
    env: { ...process.env, GARRISON_HOME: undefined },
    userId: process.getuid?.() ?? 0,
  });
  return home === usual ? programPath() : `${programPath()} --home ${quoted(home)}`;
}

/** Of the commands that a text tells to type next, each with `--home`: copied without it, it would act on another Garrison. */
export function commandsWithHome(
  text: string,
  { home, commands }: { readonly home: string; readonly commands: readonly string[] },
): string {
  const call = new RegExp(`(?<![/\\w])garrison (?=(?:${commands.join('|')})\\b)`, 'g');
  return text.replaceAll(/^ {2}(?:next|to take it back): .*$/gm, (line) =>
    line.replaceAll(call, `${programWithHome(home)} `),
  );
}

/** For a POSIX shell. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
