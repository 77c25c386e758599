/**
 * `doctor`: looks at the whole machine, whether a supervisor runs or not, and says what is wrong, what is harmless and what to do next.
 * It changes nothing, and is over in less than 10 s whatever hangs.
 */
import type { Command } from 'commander';
import { takeCheckup, type Taken } from '../driver/checkup.ts';
import type { Checkup } from '../reconciler/checkup.ts';
import { diagnose, type Diagnosis } from '../reconciler/diagnosis.ts';
import { overallOf } from '../server/sentence.ts';
import type { Snapshot } from '../supervisor/door.ts';
import { action, type Context } from './context.ts';
import { reportLines } from './doctorText.ts';
import { EXIT } from './exitCodes.ts';
import { visible, visibleJson } from './output.ts';
import { programWithHome } from './programName.ts';
import { selfTest } from './selfTest.ts';

/** Since this process started: what is left to 10 s is for a slow start and for printing. */
const DONE_BY_MS = 7_000;
const LEAST_MS = 2_500;
/** Something that hangs, such as a disk of the network, may hold this process when all is said. */
const LEAVE_AFTER_MS = 300;

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'what is wrong with this machine, what is harmless, what to do next; needs no supervisor, Redis or Docker; exit 0 nothing to do, 1 something',
    )
    .option(
      '--self-test',
      'make a zombie, an orphan, a blocked loop and others instead, and show that each is handled on this host',
    )
    .action(
      action<{ readonly selfTest?: true }>('look', (context, { options }) =>
        options.selfTest === true ? selfTest(context) : doctor(context),
      ),
    );
}

async function doctor(context: Context): Promise<number> {
  const { door } = context;
  const taken = await takeCheckup({
    ...door,
    configFile: context.configFile,
    withinMs: Math.max(LEAST_MS, DONE_BY_MS - performance.now()),
    garrison: programWithHome(door.home),
  });
  const checkup = withSentences(taken);
  const diagnosis = diagnose(checkup);
  print(context, diagnosis, checkup);
  setTimeout(() => process.exit(), LEAVE_AFTER_MS).unref();
  return diagnosis.state === 'well' ? EXIT.done : EXIT.degraded;
}

/** What a supervisor of another version answers may be anything: then it says nothing. */
function withSentences({ checkup, status }: Taken): Checkup {
  const { supervisor } = checkup;
  if (supervisor.kind === 'unseen' || status === null) return checkup;
  let sentences: readonly string[];
  try {
    const snapshot = status as Snapshot;
    // What was set aside is told of by itself, also where no supervisor answers.
    const home = { unwritable: snapshot.home?.unwritable ?? [], setAside: [] };
    const overall = overallOf({ ...snapshot, home });
    sentences = overall.state === 'well' ? [] : overall.sentences;
  } catch {
    sentences = ['The supervisor answers with something that this version does not understand.'];
  }
  return { ...checkup, supervisor: { ...supervisor, value: { ...supervisor.value, sentences } } };
}

function print({ output, format }: Context, diagnosis: Diagnosis, { at }: Checkup): void {
  const { state, sentence, findings, well } = diagnosis;
  switch (format) {
    case 'json': {
      const head = { apiVersion: 'garrison/v1', kind: 'DoctorReport', observedAt: at };
      output.data(visibleJson({ ...head, state, sentence, items: findings, well }));
      return;
    }
    case 'jsonl':
      for (const each of findings) output.data(visibleJson(each, 0));
      return;
    case 'name':
      for (const { code } of findings) output.data(visible(code));
      return;
    case 'table':
    case 'wide':
      output.data(reportLines(diagnosis, output.paint).join('\n'));
  }
}
