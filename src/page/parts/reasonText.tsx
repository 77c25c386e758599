/**
 * The reason of a job's result: its code, and the sentence, in Chinese where the reader wants that and the code has words.
 * It never leaves the supervisor's own sentence out: that stays at hand.
 */
import type { JobView } from '../../supervisor/door.ts';
import { language } from '../words/language.ts';
import { doneZh } from '../words/planSaidZh.ts';
import { reasonZh } from '../words/reasonZh.ts';
import { Said, Told, Translated } from './said.tsx';

export function ReasonText({ job: { result, host, account } }: { job: JobView }) {
  if (result === null) return null;
  const { reason, detail } = result;
  return (
    <>
      <span class="reason" lang="en">
        <Said>{reason}</Said>
      </span>{' '}
      <Translated zh={reasonZh(reason, { host, account: account?.name ?? '' })}>{detail}</Translated>
    </>
  );
}

/** What was done on the host. */
export function Changes({ changes }: { changes: readonly string[] }) {
  if (language.value !== 'zh') return <Told>{changes.join(', ')}</Told>;
  return <Said>{changes.map(doneZh).join('，')}</Said>;
}
