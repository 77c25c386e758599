/**
 * The words of a recovery for the terminal: its plan stage by stage, each step as it begins and ends, and what is left for a person.
 * It asks nothing and decides nothing.
 */
import type { LeftForPerson, OperationView, RecoveryStageView, RecoveryView } from '../supervisor/door.ts';
import { visible, type Output } from './output.ts';

export function planLines({ detail, recovery }: OperationView): readonly string[] {
  const stages = (recovery?.stages ?? []).flatMap(stageLines);
  return [visible(`recover: ${detail}`), ...stages, ...leftLines(recovery?.left ?? [])];
}

function stageLines({ stage, detail, steps }: RecoveryStageView): readonly string[] {
  const name = stage.padEnd(10);
  if (steps.length === 0) return [visible(`  ${name}${detail === '' ? 'nothing to do' : detail}`)];
  return steps.flatMap(({ verb, target, because, interrupts }, index) => [
    visible(`  ${index === 0 ? name : ' '.repeat(name.length)}${verb} ${target}: ${because}`),
    ...(interrupts.length === 0 ? ['nobody, as far as can be seen'] : interrupts).map((interrupted) =>
      visible(`  ${' '.repeat(name.length)}  would interrupt: ${interrupted}`),
    ),
  ]);
}

export function leftLines(left: readonly LeftForPerson[]): readonly string[] {
  return left.flatMap(({ stage, why, command }) => [
    visible(`left for a person, ${stage} stage: ${why}`),
    visible(`  next: ${command}`),
  ]);
}

/** Tells each change once. */
export class RecoveryTold {
  readonly #output: Output;
  readonly #told = new Set<string>();

  constructor(output: Output) {
    this.#output = output;
  }

  tell({ recovery, state, detail }: OperationView): void {
    for (const line of recovery === undefined ? [] : changesOf(recovery)) {
      if (this.#told.has(line)) continue;
      this.#told.add(line);
      this.#output.note(visible(line));
    }
    if (state === 'running') this.#output.progress(`recover: ${detail}`);
  }
}

function changesOf({ stages }: RecoveryView): readonly string[] {
  return stages.flatMap(({ stage, state, detail, steps }) => [
    ...steps.flatMap(({ verb, target, because, state: how, detail: end, interrupts }) => [
      ...(how === 'waiting' ? [] : [`${stage}: ${verb} ${target}: ${because}`]),
      ...(how === 'cured' || how === 'failed' ? [`${stage}: ${target} ${how}: ${end}`] : []),
      ...(how === 'cured' || how === 'failed'
        ? interrupts.map((each) => `${stage}: interrupted ${each}`)
        : []),
    ]),
    ...(state === 'running' && detail !== '' ? [`${stage}: waits: ${detail}`] : []),
  ]);
}
