/**
 * One chart: the lines, a sentence with the facts of each, and the same figures as a table.
 * Who sees no picture misses nothing, and no line is told from another by its colour alone.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SamplesView } from '../../supervisor/door.ts';
import { clockText } from '../now.ts';
import { theme } from '../theme.ts';
import { durationText, figureText, locale, t } from '../words/language.ts';
import { lineFacts, timeMs, unknownMs } from './chartFacts.ts';
import type { ChartKind, Line } from './chartKinds.ts';
import { drawPlot } from './plot.ts';
import './charts.css';

const DAY_MS = 86_400_000;

interface ChartProps {
  readonly kind: ChartKind;
  readonly view: SamplesView;
  readonly marksMs?: readonly number[];
  readonly heightPx?: number;
}

export function Chart({ kind, view, marksMs = [], heightPx = 180 }: ChartProps) {
  const [point, setPoint] = useState<number | null>(null);
  // A line that never left zero would only hide another; its sentence and column stay.
  const lines = kind.isSum
    ? kind.lines.filter(({ name }) => (lineFacts(view, name)?.sum ?? 0) > 0)
    : kind.lines;
  return (
    <figure class="chart" data-chart={kind.key}>
      <h3>{t(`chart.${kind.key}`)}</h3>
      <Plot {...{ kind, view, marksMs, heightPx, lines }} onPoint={setPoint} />
      <p class="readout quiet" aria-hidden="true">
        {point === null ? ' ' : readout(kind, view, point)}
      </p>
      <figcaption>
        <Caption kind={kind} view={view} />
      </figcaption>
      <Table kind={kind} view={view} />
    </figure>
  );
}

type PlotProps = Required<ChartProps> & {
  readonly lines: readonly Line[];
  readonly onPoint: (point: number | null) => void;
};

function Plot({ kind, view, marksMs, heightPx, lines, onPoint }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useSystemDark();
  useEffect(() => {
    if (place.current === null) return undefined;
    return drawPlot(place.current, {
      ...{ view, lines, marksMs, heightPx, onPoint },
      timeText: (ms) => axisText(view, ms),
      valueText: (value) => valueText(kind, value),
      isDuration: kind.unit === 'duration',
    });
  }, [view, marksMs.join(), heightPx, theme.value, dark, locale.value]);
  return <div class="plot" ref={place} aria-hidden="true" style={{ minHeight: `${String(heightPx)}px` }} />;
}

/** The system's theme may change under the page. */
function useSystemDark(): boolean {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'));
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = (): void => setDark(query.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return dark;
}

function Caption({ kind, view }: { kind: ChartKind; view: SamplesView }) {
  const gapMs = unknownMs(view);
  return (
    <ul class="lines">
      {kind.lines.map((line) => (
        <li key={line.name} data-line={line.name}>
          <Sample line={line} /> {sentence(kind, view, line)}
        </li>
      ))}
      {gapMs === 0 ? null : <li class="quiet">{t('chart.gap', { duration: durationText(gapMs) })}</li>}
    </ul>
  );
}

function Sample({ line: { tone, dash } }: { line: Line }) {
  return (
    <svg class={tone} width="36" height="8" aria-hidden="true">
      <path d="M 0 4 H 36" stroke="currentColor" stroke-width="2" stroke-dasharray={dash.join(' ')} />
    </svg>
  );
}

function sentence(kind: ChartKind, view: SamplesView, { name }: Line): string {
  const facts = lineFacts(view, name);
  const what = t(`series.${name}`);
  if (facts === null) return t('chart.nothing', { what });
  const { now, least, most, sum, mostAtMs } = facts;
  const words = {
    what,
    now: valueText(kind, now),
    least: valueText(kind, least),
    most: valueText(kind, most),
    sum: valueText(kind, sum),
    at: wholeTime(view, mostAtMs),
  };
  if (kind.isSum) return t(sum === 0 ? 'chart.none' : 'chart.sum', words);
  return t('chart.gauge', words);
}

function readout(kind: ChartKind, view: SamplesView, point: number): string {
  const told = kind.lines.map(({ name }) => {
    const value = view.series[name][point] ?? null;
    return `${t(`series.${name}`)} ${value === null ? t('chart.unknown') : valueText(kind, value)}`;
  });
  return `${wholeTime(view, timeMs(view, point))} · ${told.join(' · ')}`;
}

/** Newest first; made when it is opened. */
function Table({ kind, view }: { kind: ChartKind; view: SamplesView }) {
  const [isOpen, setOpen] = useState(false);
  const title = t('chart.tableOf', { chart: t(`chart.${kind.key}`) });
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {!isOpen ? null : (
        <div class="wide figures" tabIndex={0} role="region" aria-label={title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('chart.begins')}</th>
                {kind.lines.map(({ name }) => (
                  <th key={name} scope="col">
                    {t(`series.${name}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <Rows kind={kind} view={view} />
          </table>
        </div>
      )}
    </details>
  );
}

function Rows({ kind, view }: { kind: ChartKind; view: SamplesView }) {
  const points = Array.from({ length: view.points }, (_, index) => view.points - 1 - index);
  return (
    <tbody>
      {points.map((point) => (
        <tr key={point} data-point={point}>
          <th scope="row">{wholeTime(view, timeMs(view, point))}</th>
          {kind.lines.map(({ name }) => {
            const value = view.series[name][point] ?? null;
            return (
              <td key={name} class="figure" data-value={value === null ? '' : String(value)}>
                {value === null ? t('chart.unknown') : valueText(kind, value)}
              </td>
            );
          })}
        </tr>
      ))}
    </tbody>
  );
}

function valueText({ unit }: ChartKind, value: number): string {
  return unit === 'duration' ? durationText(value) : figureText(value, { maximumFractionDigits: 1 });
}

function wholeTime(view: SamplesView, ms: number): string {
  if (view.points * view.stepMs < DAY_MS) return clockText(ms);
  const format = { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(locale.value, format).format(ms);
}

function axisText(view: SamplesView, ms: number): string {
  const isDays = view.points * view.stepMs > 2 * DAY_MS;
  const format = isDays
    ? ({ month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const)
    : ({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const);
  return new Intl.DateTimeFormat(locale.value, format).format(ms);
}
