/** Keeps the floors of the house: who may import whom, one library in one room, and pure rooms that stay pure. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { importsIn, violationsOf } from './support/floors.ts';

const SRC = new URL('../src/', import.meta.url);

test('every source file keeps the floors', () => {
  const paths = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.tsx?$/.test(path),
  );
  assert.ok(paths.length > 50, 'the house was found');
  const violations = paths.flatMap((path) =>
    violationsOf({ path, text: readFileSync(new URL(path, SRC), 'utf8') }),
  );
  assert.deepEqual(violations, []);
});

test('npm start, which builds without what is only for development, has the types of all it builds with', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', SRC), 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const typed = Object.keys(manifest.devDependencies)
    .filter((name) => name.startsWith('@types/'))
    .map((name) => name.slice('@types/'.length));
  assert.deepEqual(
    typed.filter((name) => name === 'node' || name in manifest.dependencies),
    [],
  );
});

/** Each way past the guard that has come to anybody's mind. */
const PAST_THE_GUARD: readonly (readonly [string, string])[] = [
  ['driver/a.ts', "process.kill(pid, 'SIGTERM');"],
  ['main.ts', 'process.kill(-0);'],
  ['supervisor/a.ts', "child?.kill('SIGKILL');"],
  ['driver/hands.ts', 'child.kill();'],
  ['driver/spawn.ts', "const o = { cleanup: false };\nchild.kill('SIGTERM');"],
  ['worker/ssh.ts', 'const o = { cleanup: false };\nprocess.kill(-pid, signal);'],
  ['worker/watchdogThread.ts', 'process.kill(parentPid);'],
  ['worker/watchdogThread.ts', "process.kill(process.pid, 'SIGKILL'); process.kill(1);"],
  ['worker/selfTest.ts', "process.kill(process.ppid, 'SIGSTOP');"],
  ['worker/main.ts', "process.kill(process.pid, 'SIGSTOP');"],
  ['server/a.ts', "process['kill'](pid);"],
  ['server/a.ts', 'const { kill } = process;'],
  ['server/a.ts', 'const { pid, kill: end } = process;\nprocess\n  .kill(1);'],
  ['cli/a.ts', "import { kill } from 'node:process';"],
  ['driver/reaper.ts', "import { signalPidfd } from './libc.ts';"],
  ['driver/libc.ts', "libc.func('int kill(int pid, int signal)');"],
  ['driver/libc.ts', "libc.func('int tgkill(int group, int thread, int signal)');"],
  ['driver/reaper.ts', "writeFileSync(join(folder, 'cgroup.kill'), '1');"],
  ['driver/hands.ts', "import { endEnclosed } from './signals.ts';"],
  ['driver/a.ts', "import { spawn } from 'node:child_process';"],
  ['driver/a.ts', "import { spawn } from 'child_process';"],
  ['driver/a.ts', "process.getBuiltinModule('child_process');"],
  ['driver/a.ts', "import cluster from 'node:cluster';"],
  ['driver/a.ts', "runToEnd('pkill', ['-f', 'celery']);"],
  ['driver/a.ts', "runToEnd('/usr/bin/killall', ['sshd']);"],
  ['driver/a.ts', "runToEnd('sh', ['-c', 'kill -9 $(cat pids)']);"],
  ['driver/a.ts', "runToEnd('sh', ['-c', `ps -ef | awk x | xargs kill -9`]);"],
  ['driver/spawn.ts', 'execa(a, b, { cleanup: false, timeout: 5 });'],
  ['driver/spawn.ts', 'execa(a, b, { cleanup: false, cancelSignal });'],
  ['worker/ssh.ts', 'execa(a, b, { cleanup: true });'],
  ['worker/ssh.ts', 'execa(a, b, {});'],
];

describe('a signal past the guard is seen', () => {
  for (const [path, text] of PAST_THE_GUARD) {
    test(`${path}: ${text}`, () => {
      assert.notDeepEqual(violationsOf({ path, text }), []);
    });
  }
});

/** The sweeper clears a practice host of what runs in it; the others run on a host, and know only their own group and children. */
const SIGNALLING_SCRIPTS = [
  'driver/practice-sweep.sh',
  'worker/remote/10-answer.sh',
  'worker/remote/90-main.sh',
];

test('no script signals anybody, but for three that are known', () => {
  const scripts = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.sh'),
  );
  const signalling = scripts.filter((path) =>
    /^[^#]*\b(?:kill|pkill|killall|fuser)\b/m.test(
      readFileSync(new URL(path, SRC), 'utf8').replace(/kill-child/g, ''),
    ),
  );
  assert.deepEqual(signalling.sort(), SIGNALLING_SCRIPTS);
});

describe('the rule is broken by', () => {
  const broken: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'the judge importing hands',
      'detector/status.ts',
      "import { x } from '../driver/journal.ts';",
      /detector may not import driver\/journal\.ts/,
    ],
    [
      'driver and supervisor importing each other',
      'driver/a.ts',
      "import type { X } from '../supervisor/store.ts';",
      /driver may not import/,
    ],
    [
      'the same the other way',
      'supervisor/a.ts',
      "export { x } from '../driver/redis.ts';",
      /supervisor may not import/,
    ],
    ['base importing a room', 'config.ts', "import { x } from './push/account.ts';", /base may not import/],
    ['base importing the program', 'config.ts', "import { x } from './main.ts';", /base may not import/],
    [
      'server reaching past the door',
      'server/api.ts',
      "import { x } from '../supervisor/store.ts';",
      /only door\.ts/,
    ],
    [
      'cli importing the child program',
      'cli/a.ts',
      "const x = await import('../worker/main.ts');",
      /cli may not import worker/,
    ],
    [
      'the child program importing hands',
      'worker/a.ts',
      "import '../driver/spawn.ts';",
      /worker may not import driver/,
    ],
    [
      'execa outside its rooms',
      'cli/a.ts',
      "import { execa } from 'execa';",
      /may not import the library execa/,
    ],
    [
      'execa in its room but in another file',
      'driver/a.ts',
      "import { execa } from 'execa';",
      /may not import the library execa/,
    ],
    [
      'the child program importing more of the reconciler than the guard',
      'worker/a.ts',
      "import { x } from '../reconciler/worker.ts';",
      /worker may not import reconciler/,
    ],
    [
      'the page taking code from the server',
      'page/app.tsx',
      "import { overallOf } from '../server/sentence.ts';",
      /page may not import server/,
    ],
    [
      'the page taking types past the door',
      'page/app.tsx',
      "import type { Store } from '../supervisor/store.ts';",
      /page may not import supervisor/,
    ],
    ['a library nobody has a room for', 'server/a.ts', "import x from 'left-pad/sub';", /library left-pad/],
    ['a scoped library nobody has a room for', 'server/a.ts', "import x from '@a/b/c';", /library @a\/b/],
    ['zod in a base file that has none', 'clock.ts', "import { z } from 'zod';", /library zod/],
    ['a pure room with a package', 'push/a.ts', "import { z } from 'zod';", /library zod/],
    [
      'a pure room with a node module',
      'reconciler/a.ts',
      "import { x } from 'node:fs';",
      /pure room imports node:fs/,
    ],
    ['a pure room that looks at the clock', 'detector/a.ts', 'const x = new Date();', /names Date/],
    ['a pure room that throws dice', 'reconciler/a.ts', 'const x = Math.random();', /names Math\.random/],
    ['a pure room that waits', 'push/a.ts', 'setTimeout(f, 1);', /names setTimeout/],
    ['a pure room that reads the environment', 'push/a.ts', 'if (process.env) {}', /names process/],
    ['the same inside a template', 'push/a.ts', 'const x = `${process.pid}`;', /names process/],
    ['a file in a room that is none', 'utils/a.ts', '', /no room/],
    [
      'an import over several lines',
      'push/a.ts',
      "import {\n  a,\n  b,\n} from\n  '../driver/a.ts';",
      /push may not import/,
    ],
  ];
  for (const [name, path, text, sentence] of broken) {
    test(name, () => {
      const violations = violationsOf({ path, text });
      assert.equal(violations.length, 1, violations.join('\n'));
      assert.match(violations[0]!, sentence);
    });
  }
});

test('what is allowed is not complained of', () => {
  const allowed: readonly (readonly [string, string])[] = [
    [
      'push/a.ts',
      "// new Date() in a comment\n/* process */ const x = 'setTimeout'; const y = truths.process; const z = { process: 1 };",
    ],
    ['server/a.ts', "import type { Door } from '../supervisor/door.ts';\nimport Fastify from 'fastify';"],
    ['main.ts', "import { x } from './driver/a.ts';\nimport { y } from './supervisor/b.ts';"],
    [
      'driver/spawn.ts',
      "import { execa } from 'execa';\nexeca('a', [], { cleanup: false });\nimport { x } from './b.ts';\nimport { y } from '../clock.ts';",
    ],
  ];
  const signals: readonly (readonly [string, string])[] = [
    ['driver/signals.ts', "import { signalPidfd } from './libc.ts';\nprocess.kill(pid, signal);"],
    ['worker/signal.ts', "import { x } from '../reconciler/guard.ts';\nprocess.kill(-pid, signal);"],
    ['worker/watchdogThread.ts', "process.kill(process.pid, 'SIGKILL');"],
    ['driver/workerDeeds.ts', 'pool.kill(action.worker);'],
    [
      'driver/workers.ts',
      "// process.kill in a comment\nclass Pool { kill(worker: string): void { x({ kind: 'kill' }); } }",
    ],
    ['reconciler/worker.ts', "if (action.kind === 'kill') return { kill: true };"],
  ];
  for (const [path, text] of [...allowed, ...signals]) assert.deepEqual(violationsOf({ path, text }), []);
});

test('every way to import is seen', () => {
  const code =
    "import a from 'a';\nimport 'b';\nexport * from \"c\";\nawait import('d');\nrequire('e');\nimport type { F } from 'f';";
  assert.deepEqual(importsIn(code), ['a', 'b', 'c', 'd', 'e', 'f']);
});
