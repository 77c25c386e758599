/** Keeps the floors of the house: who may import whom, one library in one room, and pure rooms that stay pure. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { importsIn, violationsOf } from './support/floors.ts';

const SRC = new URL('../src/', import.meta.url);

test('every source file keeps the floors', () => {
  const paths = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  assert.ok(paths.length > 50, 'the house was found');
  const violations = paths.flatMap((path) =>
    violationsOf({ path, text: readFileSync(new URL(path, SRC), 'utf8') }),
  );
  assert.deepEqual(violations, []);
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
      'driver/a.ts',
      "import { execa } from 'execa';\nimport { x } from './b.ts';\nimport { y } from '../clock.ts';",
    ],
  ];
  for (const [path, text] of allowed) assert.deepEqual(violationsOf({ path, text }), []);
});

test('every way to import is seen', () => {
  const code =
    "import a from 'a';\nimport 'b';\nexport * from \"c\";\nawait import('d');\nrequire('e');\nimport type { F } from 'f';";
  assert.deepEqual(importsIn(code), ['a', 'b', 'c', 'd', 'e', 'f']);
});
