/**
 * A time that the supervisor told: how long ago in words, and where one rests on it the whole time, here and as it was told.
 * It never moves what is around it: its figures are of one width.
 */
import { sinceText, wholeText } from '../now.ts';

export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={`${wholeText(at)} · ${at}`}>
      {sinceText(at)}
    </time>
  );
}
