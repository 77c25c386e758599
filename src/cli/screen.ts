/**
 * Draws frames over each other on a terminal, and gives it back as it was.
 * It asks nobody anything: a frame is lines that are ready to be shown.
 */
import type { Streams } from './output.ts';

export interface Screen {
  /** `lines` may hold colours; what does not fit is counted in the last line. */
  draw(lines: readonly string[]): void;
  /** Safe to call twice. */
  end(): void;
}

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const TO_LINE_END = '\u001b[K';
const TO_SCREEN_END = '\u001b[J';
const USUAL_ROWS = 24;

/** A terminal that cannot move its cursor shows one thing after another. */
export function canDraw({
  stdout,
  env,
}: {
  stdout: Pick<NodeJS.WriteStream, 'isTTY'>;
  env: NodeJS.ProcessEnv;
}): boolean {
  return stdout.isTTY && env['TERM'] !== 'dumb';
}

/** On the terminal's other screen, without a cursor; given back also where the process ends early. */
export function openScreen({ stdout }: Pick<Streams, 'stdout'>): Screen {
  let isOpen = true;
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    process.off('exit', end);
    stdout.write(LEAVE);
  };
  process.on('exit', end);
  stdout.write(ENTER);
  return {
    draw: (lines) => {
      if (!isOpen) return;
      const shown = fitted(lines, stdout.rows || USUAL_ROWS);
      stdout.write(HOME + shown.map((line) => line + TO_LINE_END).join('\r\n') + TO_SCREEN_END);
    },
    end,
  };
}

function fitted(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines;
  const more = lines.length - rows + 1;
  return [...lines.slice(0, rows - 1), `… ${String(more)} more lines: a higher terminal shows them`];
}
