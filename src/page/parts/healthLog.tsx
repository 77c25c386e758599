/**
 * A container's last health checks as Docker keeps them: when each ran, how it ended, and what it wrote.
 * What it wrote is the container's, and is shown as nothing but text.
 */
import type { ContainerHealthView } from '../../supervisor/door.ts';
import { clockText } from '../now.ts';
import { durationText, t } from '../words/language.ts';
import { Said } from './said.tsx';
import { State } from './state.tsx';
import { Time } from './time.tsx';

type Probe = ContainerHealthView['probes'][number];

export function HealthLog({
  health: { status, check, probes, failingStreak },
}: {
  health: ContainerHealthView;
}) {
  if (check === null) return <p>{t('health.none')}</p>;
  return (
    <>
      <p>
        {status === null ? null : <State state={status} />}{' '}
        {t('health.check', {
          interval: durationText(check.intervalMs),
          timeout: durationText(check.timeoutMs),
          retries: check.retries,
        })}{' '}
        {failingStreak === 0 ? '' : t('health.streak', { n: failingStreak })}
      </p>
      {probes.length === 0 ? <p>{t('health.noProbe')}</p> : null}
      <ol class="story probes">
        {[...probes].reverse().map((probe) => (
          <ProbeLine key={probe.startedAt} probe={probe} />
        ))}
      </ol>
    </>
  );
}

function ProbeLine({ probe: { startedAt, endedAt, exitCode, output } }: { probe: Probe }) {
  const tookMs = Date.parse(endedAt) - Date.parse(startedAt);
  return (
    <li>
      <span class="figure quiet">{clockText(Date.parse(startedAt))}</span> <Time at={startedAt} />{' '}
      <State
        state={exitCode === 0 ? 'ok' : 'bad'}
        label={
          exitCode === 0
            ? t('health.passed')
            : exitCode === -1
              ? t('health.notEnded')
              : t('health.failed', { code: exitCode })
        }
      />{' '}
      {tookMs >= 0 ? t('health.took', { duration: durationText(tookMs) }) : ''}
      {output.trim() === '' ? (
        <span class="quiet"> {t('health.silent')}</span>
      ) : (
        <pre>
          <Said>{output}</Said>
        </pre>
      )}
    </li>
  );
}
