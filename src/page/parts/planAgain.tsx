/**
 * The way on from a plan or a push that some hosts refused: a new plan of the same wish for just these hosts.
 * It changes nothing on any host.
 */
import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { JobView, PushView } from '../../supervisor/door.ts';
import { post, type Document } from '../api.ts';
import { planBody } from '../jobs/planRequest.ts';
import { Trouble } from './trouble.tsx';

interface PlanAgainProps {
  readonly push: PushView;
  /** Of its jobs: those of the hosts to plan for. */
  readonly jobs: readonly JobView[];
  readonly label: string;
}

export function PlanAgain({ push, jobs, label }: PlanAgainProps) {
  const [trouble, setTrouble] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const [, navigate] = useLocation();
  const wish = jobs[0]?.account ?? null;
  if (wish === null) return null;
  const planOf = push.kind === 'revoke' || push.planOf === 'revoke' ? 'revoke' : 'push';
  const plan = async (): Promise<void> => {
    setAsking(true);
    setTrouble(null);
    try {
      const body = planBody({ planOf, wish, hosts: jobs.map(({ host }) => host), reason: push.reason });
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
        {label}
      </button>
      {trouble === null ? null : <Trouble error={trouble} />}
    </>
  );
}
