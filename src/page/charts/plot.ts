/**
 * Draws a chart's lines with uPlot, in the colours of the page's theme, a gap as a gap.
 * It says nothing that stands in the caption or the table beneath; it is drawn anew when theme or width change.
 */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { SamplesView } from '../../supervisor/door.ts';
import type { Tone } from '../parts/state.tsx';
import { timeMs } from './chartFacts.ts';
import type { Line } from './chartKinds.ts';

export interface Drawing {
  readonly view: SamplesView;
  readonly lines: readonly Line[];
  readonly marksMs: readonly number[];
  readonly heightPx: number;
  readonly timeText: (ms: number) => string;
  readonly valueText: (value: number) => string;
  readonly isDuration: boolean;
  /** The point under the pointer; null when there is none. */
  readonly onPoint: (point: number | null) => void;
}

/** Of the axis: the marks beneath begin where the lines do. */
export const LEFT_PX = 64;
export const RIGHT_PX = 12;
const DURATIONS_MS = [1, 5, 10, 50, 100, 500, 1e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 18e5, 36e5, 216e5, 864e5];
const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6];

/** Returns the function that takes it away. */
export function drawPlot(place: HTMLElement, drawing: Drawing): () => void {
  const colour = (name: Tone | 'quiet' | 'line'): string => colourOf(place, name);
  const plot = new uPlot(optionsOf(place.clientWidth, drawing, colour), dataOf(drawing), place);
  const resized = new ResizeObserver(() => {
    plot.setSize({ width: place.clientWidth, height: drawing.heightPx });
  });
  resized.observe(place);
  return () => {
    resized.disconnect();
    plot.destroy();
  };
}

function dataOf({ view, lines }: Drawing): uPlot.AlignedData {
  const seconds = Array.from({ length: view.points }, (_, point) => timeMs(view, point) / 1_000);
  return [seconds, ...lines.map(({ name }) => [...view.series[name]])];
}

function optionsOf(width: number, drawing: Drawing, colour: (name: Tone | 'quiet' | 'line') => string) {
  const { lines, heightPx, timeText, valueText, isDuration, marksMs, onPoint } = drawing;
  const axis = {
    stroke: colour('quiet'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
  };
  const options: uPlot.Options = {
    width,
    height: heightPx,
    padding: [8, RIGHT_PX, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] } },
    axes: [
      { ...axis, space: 90, values: (_, splits) => splits.map((each) => timeText(each * 1_000)) },
      {
        ...axis,
        size: LEFT_PX,
        incrs: isDuration ? DURATIONS_MS : COUNTS,
        values: (_, splits) => splits.map(valueText),
      },
    ],
    series: [{}, ...lines.map((line) => seriesOf(line, colour(line.tone)))],
    hooks: {
      draw: [
        (plot) => {
          drawMarks(plot, marksMs, colour('quiet'));
        },
      ],
      setCursor: [
        (plot) => {
          onPoint(plot.cursor.idx ?? null);
        },
      ],
    },
  };
  return options;
}

/** A point holds for its whole step. */
function seriesOf({ dash }: Line, stroke: string): uPlot.Series {
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const paths = stepped === undefined ? {} : { paths: stepped };
  return { ...paths, stroke, width: 2, dash: [...dash], points: { size: 4 } };
}

function drawMarks(plot: uPlot, marksMs: readonly number[], stroke: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.setLineDash([2, 4]);
  ctx.beginPath();
  for (const each of marksMs) {
    const x = Math.round(plot.valToPos(each / 1_000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}

/** A canvas does not know the theme's names. */
function colourOf(place: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
