/**
 * Lays out a checkup's report for a terminal of 80 columns: the sentence, the findings, what is well, what was not seen.
 * It leaves nothing out, breaks no command, and shows what strangers wrote only with its controls spelled out.
 */
import type { Diagnosis } from '../reconciler/diagnosis.ts';
import type { Finding, Weight } from '../reconciler/finding.ts';
import { visible, type Output, type Tone } from './output.ts';

const WIDTH = 80;
const LABEL_WIDTH = 11;
const INDENT = '    ';
const TONES: Readonly<Record<Weight, Tone>> = { critical: 'bad', warning: 'warn', info: 'plain' };

export function reportLines(diagnosis: Diagnosis, paint: Output['paint']): readonly string[] {
  const { state, sentence, findings, well } = diagnosis;
  const told = findings.filter(({ code }) => code !== 'NotSeen');
  const unseen = findings.filter(({ code }) => code === 'NotSeen');
  const head = wrapped(sentence, WIDTH).map((line) => paint(line, state === 'well' ? 'good' : 'bad'));
  return [
    ...head,
    ...told.flatMap((finding, index) => ['', ...findingLines(finding, { number: index + 1, paint })]),
    ...section('Well:', well),
    ...section(
      'Not seen:',
      unseen.map(({ what }) => what),
    ),
    ...[...new Set(unseen.flatMap(({ next }) => next ?? []))].map((next) => `  next: ${visible(next)}`),
  ];
}

function findingLines(
  { code, weight, what, evidence, harmless, next, interrupts }: Finding,
  { number, paint }: { readonly number: number; readonly paint: Output['paint'] },
): readonly string[] {
  const title = `${String(number)}. ${paint(weight, TONES[weight])} ${code}`;
  return [
    title,
    ...wrapped(what, WIDTH - INDENT.length).map((line) => INDENT + line),
    ...evidence.flatMap((line) => labelled('seen', line)),
    ...(harmless === null ? [] : labelled('harmless', harmless)),
    // A command stays whole, however long it is: it is there to be copied.
    ...(next === null ? [] : [`${INDENT}${'next'.padEnd(LABEL_WIDTH)}${visible(next)}`]),
    ...(interrupts === null ? [] : labelled('interrupts', interrupts)),
  ];
}

function labelled(label: string, text: string): readonly string[] {
  const room = WIDTH - INDENT.length - LABEL_WIDTH;
  return wrapped(text, room).map(
    (line, index) => INDENT + (index === 0 ? label : '').padEnd(LABEL_WIDTH) + line,
  );
}

function section(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  return ['', title, ...lines.flatMap((line) => wrapped(line, WIDTH - 2).map((part) => `  ${part}`))];
}

/** At spaces; what is longer than a line is cut where the line ends. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of visible(text)
    .split(' ')
    .flatMap((each) => pieces(each, width))) {
    if (line !== '' && lengthOf(line) + 1 + lengthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function pieces(word: string, width: number): readonly string[] {
  const characters = Array.from(word);
  const found: string[] = [];
  for (let at = 0; at < characters.length; at += width) found.push(characters.slice(at, at + width).join(''));
  return found;
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
