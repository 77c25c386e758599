/**
 * The way on from a plan or a push that some hosts refused: a new plan of the same wish for just these hosts; or back from a push: the plan of its undo.
 * It changes nothing on any host.
 */
import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { JobView, PushView } from '../../supervisor/door.ts';
import { post, type Document } from '../api.ts';
import { planBody, undoBody } from '../jobs/planRequest.ts';
import { Trouble } from './trouble.tsx';

interface PlanAgainProps {
  readonly push: PushView;
  /** Of its jobs: those of the hosts to plan for. */
  readonly jobs: readonly JobView[];
  readonly label: string;
  /** Plan the undo of the push itself, wherever it changed something. */
  readonly takesBack?: boolean;
}

export function PlanAgain(props: PlanAgainProps) {
  const [trouble, setTrouble] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const [, navigate] = useLocation();
  const body = bodyOf(props);
  if (body === null) return null;
  const plan = async (): Promise<void> => {
    setAsking(true);
    setTrouble(null);
    try {
      const { item } = await post<Document<PushView>>('api/v1/pushes', body);
      navigate(`/pushes/${encodeURIComponent(item.id)}`);
    } catch (error) {
      setTrouble(error);
    } finally {
      setAsking(false);
    }
  };
  return (
    <>
      <button type="button" disabled={isAsking} onClick={() => void plan()}>
        {props.label}
      </button>
      {trouble === null ? null : <Trouble error={trouble} />}
    </>
  );
}

function bodyOf({ push, jobs, takesBack = false }: PlanAgainProps): object | null {
  const { id, kind, planOf, undoOf, reason } = push;
  if (takesBack) return undoBody({ undoOf: id, hosts: [], reason: null });
  const hosts = jobs.map(({ host }) => host);
  if (undoOf !== undefined) return undoBody({ undoOf, hosts, reason });
  const wish = jobs[0]?.account ?? null;
  const isRevoke = kind === 'revoke' || planOf === 'revoke';
  return wish === null ? null : planBody({ planOf: isRevoke ? 'revoke' : 'push', wish, hosts, reason });
}
