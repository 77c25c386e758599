/**
 * `doctor --self-test`: has a supervisor of its own make what can go wrong with processes, and shows that each is handled on this host.
 * It touches no running supervisor, no home folder, Redis or Docker, and leaves nothing behind however it ends.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { wallTime } from '../clock.ts';
import { keepLast } from '../driver/runToEnd.ts';
import { spawnProcess, type SpawnedProcess } from '../driver/spawn.ts';
import { GarrisonError } from '../errors.ts';
import {
  judgeSelfTest,
  type SelfTestDiagnosis,
  type SelfTestItem,
  type SelfTestVerdict,
  type Trial,
} from '../reconciler/selfTest.ts';
import { NO_FOLDER } from '../selfTestWords.ts';
import { borrowOwnCgroup } from '../driver/workerCgroup.ts';
import type { Context } from './context.ts';
import { wrapped } from './doctorText.ts';
import { EXIT } from './exitCodes.ts';
import { visible, visibleJson, type Output, type Tone } from './output.ts';

const PRELOADED = '--import';
/** For all cases at once, which take about 8 s on a machine that is not busy. */
const TRIALS_WITHIN_MS = 18_000;
/** And for the end of what is left then. */
const ASK_TO_END_AFTER_MS = 21_500;
const END_AFTER_MS = 3_500;

export async function selfTest(context: Context): Promise<number> {
  // Whatever ends this early must not look like a proof.
  process.exitCode = EXIT.interrupted;
  // Made by the process that removes it also when this one is killed.
  const folder = join(tmpdir(), `garrison-self-test-${randomBytes(8).toString('hex')}`);
  const { output } = context;
  output.progress('making a zombie, an orphan, a blocked loop and others; this takes about 10 s');
  try {
    const stage = new Stage(folder);
    const cutShort = await stage.ended();
    // Whoever was killed could not take away the cgroup that it had made.
    if (cutShort !== null && process.getuid?.() === 0) borrowOwnCgroup();
    if (stage.interrupted) {
      output.note('garrison: interrupted: all that was made has been ended');
      return EXIT.interrupted;
    }
    const diagnosis = judgeSelfTest(stage.trials, { cutShort });
    print(context, diagnosis);
    return diagnosis.state === 'handled' ? EXIT.done : EXIT.failed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The supervisor that the cases are made under: a process of its own, which ends with this one. */
class Stage {
  readonly trials: Trial[] = [];
  readonly #process: SpawnedProcess;
  readonly #lastLines: string[] = [];
  interrupted = false;

  constructor(folder: string) {
    const own = [fileFor('selfTestStage'), folder, String(process.pid), String(TRIALS_WITHIN_MS)];
    this.#process = spawnProcess({
      file: process.execPath,
      args: [...process.execArgv, PRELOADED, fileFor('../worker/selfTest'), ...own],
      onLine: (line, stream) => {
        const trial = stream === 'stdout' ? trialIn(line) : null;
        if (trial === null) keepLast(this.#lastLines, line);
        else this.trials.push(trial);
      },
    });
  }

  /** Null when it told of every case and left in order; else what became of it. Throws HOME_UNUSABLE. */
  async ended(): Promise<string | null> {
    const interrupt = (): void => {
      this.interrupted = true;
      this.#process.signalGroup('SIGTERM');
    };
    process.on('SIGINT', interrupt);
    try {
      const inTime = await this.#endsWithin(ASK_TO_END_AFTER_MS);
      if (!inTime) await this.#endIt();
      const { exitCode, signal } = await this.#process.exited;
      await Promise.race([this.#process.drained, sleep(500, null, { ref: false })]);
      if (!inTime) return "the self-test's own supervisor did not end in time";
      if (exitCode === 0) return null;
      if (exitCode === NO_FOLDER) throw noFolder(this.#lastLines);
      const how = signal === null ? `with exit code ${String(exitCode)}` : `by ${signal}`;
      return [`its own supervisor ended ${how}`, ...errorIn(this.#lastLines)].join(': ');
    } finally {
      process.off('SIGINT', interrupt);
    }
  }

  async #endIt(): Promise<void> {
    this.#process.signalGroup('SIGTERM');
    if (!(await this.#endsWithin(END_AFTER_MS))) this.#process.signalGroup('SIGKILL');
  }

  async #endsWithin(withinMs: number): Promise<boolean> {
    return Promise.race([this.#process.exited.then(() => true), sleep(withinMs, false, { ref: false })]);
  }
}

/** What Node says of an error that nobody caught is followed by where, and by its version. */
function errorIn(lines: readonly string[]): readonly string[] {
  return [lines.findLast((line) => /\bError\b/.test(line)) ?? lines.at(-1)].filter(
    (line) => line !== undefined,
  );
}

function noFolder(said: readonly string[]): GarrisonError {
  const why = said.at(-1) ?? 'no reason was given';
  return new GarrisonError('HOME_UNUSABLE', `no folder can be made in ${tmpdir()}: ${why}`, {
    cure: `make room there (df -h ${tmpdir()}), or name another place: TMPDIR=/dev/shm`,
  });
}

/** TypeScript under tsx, JavaScript when built. */
function fileFor(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url));
}

function trialIn(line: string): Trial | null {
  try {
    const told = JSON.parse(line) as Partial<Trial> | null;
    return typeof told?.code === 'string' && Array.isArray(told.seen) ? (told as Trial) : null;
  } catch {
    return null;
  }
}

function print({ output, format }: Context, { state, sentence, items }: SelfTestDiagnosis): void {
  switch (format) {
    case 'json': {
      const head = { apiVersion: 'garrison/v1', kind: 'SelfTestReport', observedAt: wallTime() };
      output.data(visibleJson({ ...head, state, sentence, items }));
      return;
    }
    case 'jsonl':
      for (const each of items) output.data(visibleJson(each, 0));
      return;
    case 'name':
      for (const { code, verdict } of items) if (verdict === 'notHandled') output.data(code);
      return;
    case 'table':
    case 'wide':
      output.data(
        [
          ...wrapped(sentence, WIDTH).map((line) => output.paint(line, state === 'handled' ? 'good' : 'bad')),
          ...items.flatMap((item) => ['', ...itemLines(item, output.paint)]),
        ].join('\n'),
      );
  }
}

const WIDTH = 80;
const INDENT = '    ';
const LABEL_WIDTH = 7;
const WORDS: Readonly<Record<SelfTestVerdict, readonly [string, Tone]>> = {
  handled: ['handled', 'good'],
  notHandled: ['NOT HANDLED', 'bad'],
  notTried: ['not tried', 'warn'],
};

function itemLines(item: SelfTestItem, paint: Output['paint']): readonly string[] {
  const { code, verdict, tookMs, made, did, detail, next } = item;
  const [word, tone] = WORDS[verdict];
  const took = verdict === 'notTried' ? '' : ` in ${(tookMs / 1000).toFixed(1)} s`;
  return [
    `${code}: ${paint(word, tone)}${took}`,
    ...labelled('made', made),
    ...labelled('did', did),
    ...labelled('so', detail),
    ...(next === null ? [] : [`${INDENT}${'next'.padEnd(LABEL_WIDTH)}${visible(next)}`]),
  ];
}

function labelled(label: string, text: string): readonly string[] {
  return wrapped(text, WIDTH - INDENT.length - LABEL_WIDTH).map(
    (line, index) => INDENT + (index === 0 ? label : '').padEnd(LABEL_WIDTH) + line,
  );
}
