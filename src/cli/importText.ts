/**
 * What `import jumpserver` says of each thing that it met, as a table and as one sentence.
 * It decides nothing.
 */
import type { Remark, RemarkKind } from '../push/jumpserverRemark.ts';
import type { Format } from './context.ts';
import type { Tone } from './output.ts';
import type { Column } from './table.ts';

const WORDS: Readonly<Record<RemarkKind, string>> = {
  added: 'added',
  kept: 'kept',
  differs: 'differs',
  leftOut: 'left out',
  gone: 'gone',
  note: 'note',
};

const TONES: Readonly<Record<RemarkKind, Tone>> = {
  added: 'good',
  kept: 'dim',
  differs: 'warn',
  leftOut: 'warn',
  gone: 'warn',
  note: 'plain',
};

export const REMARK_COLUMNS: readonly Column<Remark>[] = [
  { title: 'WHAT', of: ({ what }) => what },
  { title: 'RESULT', of: ({ kind }) => WORDS[kind], tone: ({ kind }) => TONES[kind] },
  { title: 'NAME', of: ({ name }) => name },
  { title: 'WHY', of: ({ why }) => why, wraps: true },
];

/** What is kept is of interest to whoever asks for all. */
export function shownRemarks(remarks: readonly Remark[], format: Format): readonly Remark[] {
  if (format === 'name') return remarks.filter(({ kind }) => kind === 'added');
  return format === 'wide' ? remarks : remarks.filter(({ kind }) => kind !== 'kept');
}

export type Counts = Readonly<Record<Remark['what'], Readonly<Partial<Record<RemarkKind, number>>>>>;

export function countsOf(remarks: readonly Remark[]): Counts {
  const counts: Record<Remark['what'], Partial<Record<RemarkKind, number>>> = {
    ...{ host: {}, group: {}, account: {}, grant: {} },
  };
  for (const { what, kind } of remarks) counts[what][kind] = (counts[what][kind] ?? 0) + 1;
  return counts;
}

/** `hosts: 3 added, 2 kept; accounts: …` */
export function countText(remarks: readonly Remark[]): string {
  return Object.entries(countsOf(remarks))
    .map(([what, kinds]) => {
      const told = Object.entries(kinds).map(
        ([kind, count]) => `${String(count)} ${WORDS[kind as RemarkKind]}`,
      );
      return told.length === 0 ? '' : `${what}s: ${told.join(', ')}`;
    })
    .filter((part) => part !== '')
    .join('; ');
}
