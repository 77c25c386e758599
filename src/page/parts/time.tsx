/**
 * A time that the supervisor told: how long ago in words, and the whole time where one rests on it.
 * It never moves what is around it: its figures are of one width.
 */
import { sinceText, wholeText } from '../now.ts';

export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={wholeText(at)}>
      {sinceText(at)}
    </time>
  );
}
