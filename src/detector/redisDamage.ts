/**
 * Says from what a redis-server told as it ended at its start whether its own files keep it from starting, and whether only their end is broken.
 * It opens no file and takes no other failure (no memory, no room, no permission to run) for damage.
 */

/** It has read its files; whatever ends it from here on is no damage of them. */
const READY = /Ready to accept connections/;

const DAMAGE =
  /Bad file format reading the append only file|Unexpected end of file reading the append only file|Unrecoverable error reading the append only file|Unknown command .* reading the append only file|Wrong signature trying to load DB|Short read or OOM loading DB|Internal error in RDB reading|Invalid AOF (?:file|manifest)|AOF manifest|Can't open or create append-only dir|(?:The AOF file|append log file) .* (?:doesn't exist|for reading)|Fatal error loading the DB/;

/** The machine has run out of something: the files are good, and nothing may be set aside for it. */
const OUT_OF =
  /: (?:Too many open files(?: in system)?|Cannot allocate memory|No space left on device|Disk quota exceeded|Read-only file system)\s*$/;

/** `lines`: of this one life, oldest first. The line that tells of the damage; null when it was none. */
export function redisDamage(
  lines: readonly string[],
  exit: { readonly exitCode: number | null },
): string | null {
  if (exit.exitCode === null || exit.exitCode === 0 || lines.some((line) => READY.test(line))) return null;
  const line = lines.find((each) => DAMAGE.test(each) && !OUT_OF.test(each));
  return line === undefined ? null : line.replace(/^\S+ .*? [#*.-] /, '').slice(0, 200);
}

/** The file that the line names, without a path; null when it names none. */
export function namedFile(line: string): string | null {
  return /reading the append only file ([\w.-]+\.aof)/.exec(line)?.[1] ?? null;
}

/** The file that is written to, by Redis' own list of its files; null when it names none. */
export function lastFileIn(manifest: string): string | null {
  const files = [...manifest.matchAll(/^file (\S+) seq (\d+) type i\b/gm)];
  const newest = files.sort((one, other) => Number(one[2]) - Number(other[2])).at(-1);
  return newest?.[1] ?? null;
}

/** Up to where `redis-check-aof` found the file good; null when it did not say. */
export function goodUpTo(said: string): { readonly sizeBytes: number; readonly goodBytes: number } | null {
  const [, size, good] = /size=(\d+), ok_up_to=(\d+)/.exec(said) ?? [];
  return size === undefined || good === undefined
    ? null
    : { sizeBytes: Number(size), goodBytes: Number(good) };
}

/** `rest`: what follows the good part, as Latin-1. Does no whole command come after it? Then only the end is broken. */
export function isOnlyTheEnd(rest: string): boolean {
  const later = rest.slice(1);
  return !/\*\d{1,7}\r\n\$\d{1,9}\r\n/.test(later);
}
