/**
 * A text that the page did not make itself: of a host, a container, a process or a person; and one that the supervisor wrote, in English.
 * Control and marks of direction in it are shown by their names, and whatever way it is written turns nothing beside it.
 */
import { language, t } from '../words/language.ts';
import { readable } from '../words/readable.ts';

export function Said({ children }: { children: string }) {
  return <bdi>{readableLines(children)}</bdi>;
}

/** A sentence of the supervisor's, which no word of the page's stands for: it is read aloud as what it is. */
export function Told({ children }: { children: string }) {
  return <bdi lang="en">{readableLines(zoned(children))}</bdi>;
}

/** Its times are UTC, and the page's own are not: they say so. */
function zoned(text: string): string {
  return text.replace(/\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g, '$1 $2 UTC');
}

/** The supervisor's own code for why something is as it is: the same word in its logs, its API and on every page. */
export function Reason({ children }: { children: string }) {
  return (
    <span class="reason" lang="en">
      {readable(children)}
    </span>
  );
}

/** What the supervisor said, by its code, where the reader's language has words for that; the sentence stays at hand, for the figures in it. */
export function Translated({ zh, children }: { zh: string | null; children: string }) {
  if (language.value !== 'zh' || zh === null) return <Told>{children}</Told>;
  return (
    <>
      <Said>{zh}</Said>{' '}
      <details class="original">
        <summary>{t('said.original')}</summary>
        <Told>{children}</Told>
      </details>
    </>
  );
}

function readableLines(text: string): string {
  return text.split('\n').map(readable).join('\n');
}
