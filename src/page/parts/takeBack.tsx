/**
 * Taking a push back: whether it can be, the undo that its plan leads to, and the links between the two.
 * It undoes nothing before somebody has typed the account's name, and asks for no host that was left out.
 */
import { Link, useLocation } from 'wouter-preact';
import type { PushView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { post, type Document } from '../api.ts';
import { confirm } from '../confirming.ts';
import { applicable, isOpen } from '../jobs/planFacts.ts';
import { undoBody } from '../jobs/planRequest.ts';
import { t } from '../words/language.ts';
import { notUndoableZh, sentencesOf } from '../words/planSaidZh.ts';
import { HostsLeft, hostsText, useHostsLeft } from './hostsLeft.tsx';
import { PlanAgain } from './planAgain.tsx';
import { Said, Translated } from './said.tsx';

const SENTENCES_SHOWN = 5;

/** Of a push or revoke that has ended: the supervisor says whether, and why not; the hosts are asked by the plan. */
export function TakeBack({ push }: { push: PushView }) {
  const { kind, jobs, undoable, notUndoable = null } = push;
  if ((kind !== 'push' && kind !== 'revoke') || jobs.some(isOpen)) return null;
  if (undoable === true && mayAct.value)
    return <PlanAgain {...{ push, jobs }} label={t('undo.takeBack')} takesBack />;
  if (notUndoable === null) return null;
  const sentences = sentencesOf(notUndoable);
  const shown = sentences.slice(0, SENTENCES_SHOWN).join(' ');
  const more = sentences.length - SENTENCES_SHOWN;
  return (
    <span data-not-undoable>
      {t('undo.not')} <Translated zh={notUndoableZh(shown)}>{shown}</Translated>{' '}
      {more > 0 ? t('choice.more', { n: more }) : null}
    </span>
  );
}

/** To what it takes back, and to what took it back. */
export function UndoLinks({ push: { undoOf, undoneBy = [] } }: { push: PushView }) {
  return (
    <>
      {undoOf === undefined ? null : <PushLink says={t('undo.undoes')} id={undoOf} />}
      {undoneBy.map((id) => (
        <PushLink key={id} says={t('undo.undoneBy')} id={id} />
      ))}
    </>
  );
}

function PushLink({ says, id }: { says: string; id: string }) {
  return (
    <>
      {' · '}
      {says}{' '}
      <Link href={`/pushes/${encodeURIComponent(id)}`}>
        <Said>{id}</Said>
      </Link>
    </>
  );
}

/** Below the plan of an undo that every host has answered, and that is not too old. */
export function UndoNow({ push }: { push: PushView }) {
  const [, navigate] = useLocation();
  const { accountName, undoOf = '' } = push;
  const { chosen, leaving } = useHostsLeft(applicable(push.jobs).map(({ host }) => host));
  const account = accountName ?? '';
  const facts = { account, id: undoOf, n: chosen.length };
  const label = t('undo.do', facts);
  const undo = async (reason: string | null): Promise<void> => {
    const body = undoBody({ undoOf, hosts: chosen, reason }, account);
    const { item } = await post<Document<PushView>>('api/v1/pushes', body);
    navigate(`/pushes/${encodeURIComponent(item.id)}`);
  };
  const askFirst = (): void =>
    confirm({
      title: t('undo.title', facts),
      lines: [t('undo.does', facts), t('undo.refuses'), hostsText(chosen)],
      typed: { label: t('confirm.typeName', { account }), word: account },
      ...(push.reason === null ? {} : { reason: push.reason }),
      label,
      perform: undo,
    });
  return (
    <section class="choices-of" data-undo={chosen.length}>
      <p>{t('undo.does', facts)}</p>
      <HostsLeft {...leaving} />
      <p>
        <button type="button" class="act" disabled={chosen.length === 0} onClick={askFirst}>
          {label}
        </button>
      </p>
    </section>
  );
}
