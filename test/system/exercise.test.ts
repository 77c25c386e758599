/**
 * README's exercise "It is 3 a.m.", followed by copy and paste on its own stage: every line of it, in order, in one shell.
 * It knows no command itself: what README says is run, and what README says is seen must be seen.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setStage, type Stage } from '../support/exercise.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { makeTempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const PROJECT = new URL('../../', import.meta.url).pathname;
const README = readFileSync(join(PROJECT, 'README.md'), 'utf8');
const HOME_IN_README = '$PWD/.exercise';

/** A command line, and what README says is seen of it. */
interface Step {
  readonly line: string;
  readonly seen: readonly string[];
}

if (process.getuid?.() !== 0) {
  it('the exercise', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('the exercise', () => {
    it('can be followed by copy and paste, ends well, and throws nobody out', withParts(follow));
  });
}

async function follow(parts: Parts): Promise<void> {
  const home = makeTempHome();
  parts.after(() => home.remove());
  const own = join(home.path, 'x');
  const stage = await setStage(parts, own);
  const steps = stepsOf(README).map((step) => ({ ...step, line: step.line.replace(HOME_IN_README, own) }));
  assert.ok(
    steps.length >= 8 && steps.filter(({ seen }) => seen.length > 0).length >= 7,
    'README has the exercise',
  );
  assert.ok(steps[0]?.line.includes(`GARRISON_HOME=${own} `), 'its first line names the home folder');

  const shell = new Shell(parts);
  for (const step of steps) await take(shell, step);
  await stillAtWork(stage);
  const { stdout } = await stage.garrison.cli('get', 'containers', '-o', 'json');
  const { items } = JSON.parse(stdout) as {
    items: readonly { name: string; restarts: number; state: string }[];
  };
  assert.deepEqual([...new Set(items.map(({ state }) => state))], ['healthy']);
}

/** On a starved machine the last step's word may come a little later; only what looks is asked again. */
async function take(shell: Shell, { line, seen }: Step): Promise<void> {
  const missing = async (): Promise<readonly string[]> => {
    const said = (await shell.run(line)).replace(/\s+/g, ' ');
    return seen.filter((text) => !said.includes(text));
  };
  const first = await missing();
  if (first.length === 0) return;
  assert.match(line, /^garrison (?:status|doctor|why|get) ?/, `not said by "${line}": ${first.join(' | ')}`);
  await until(`"${line}" says: ${first.join(' | ')}`, async () => (await missing()).length === 0, {
    deadlineMs: 60_000,
  });
}

async function stillAtWork({ session }: Stage): Promise<void> {
  const heard = session.lines();
  await until('the session in koko goes on', () => session.lines() > heard + 5);
  assert.ok(session.isOpen());
}

/** Of all blocks of the section, in order. */
function stepsOf(readme: string): readonly Step[] {
  const section = readme.split('\n## It is 3 a.m.\n')[1]?.split('\n## ')[0] ?? '';
  const lines = [...section.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
  const steps: { line: string; seen: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('#>')) steps.at(-1)?.seen.push(line.slice(2).trim());
    else steps.push({ line, seen: [] });
  }
  return steps;
}

/** One bash from the first line to the last, as somebody's terminal is. */
class Shell {
  readonly #child;
  #said = '';

  constructor(parts: Parts) {
    this.#child = spawn('bash', ['--noprofile', '--norc'], { cwd: PROJECT, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    parts.after(async () => {
      this.#child.stdin.end();
      await exited;
    });
  }

  /** What both its streams said until it was done. */
  async run(line: string): Promise<string> {
    this.#said = '';
    const mark = `--done-${String(Math.random()).slice(2)}--`;
    // Its second half is put together by the shell, so that only a command that was run can say it.
    this.#child.stdin.write(`${line} </dev/null\necho "${mark.slice(0, 8)}""${mark.slice(8)}"\n`);
    await until(`"${line}" ends`, () => this.#said.includes(mark), { deadlineMs: 120_000 });
    return this.#said;
  }
}
