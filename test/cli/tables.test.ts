/** Every table in 80 columns, whatever names hosts and containers have; nothing is cut in a file, and no state is told by colour alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { createOutput } from '../../src/cli/output.ts';
import { tableLines, type Column } from '../../src/cli/table.ts';
import { cutToWidth, textWidth, wrapToWidth } from '../../src/cli/textWidth.ts';
import { containerView, hostView, incidentView, result, worker, zombieView } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { runCli, runCommands, type CliEnd } from '../support/runCli.ts';

const SINCE = '2025-01-02T03:04:05.678Z';
const WIDE = '堡垒机核心服务器群组';
const LONG = 'a-name-that-goes-on-'.repeat(3);
const HOSTILE = `${LONG}\u001b[31m\u202eevil\u0000${WIDE}`;
const SENTENCE = `${WIDE} does not answer: ${'the reason is long and '.repeat(8)}so on`;

let fake: FakeSupervisor;
before(async () => {
  fake = await startFakeSupervisor();
  const { door } = fake;
  door.workers = [
    worker('push-1', { state: 'hung', reason: 'LoopBlocked', detail: SENTENCE }),
    worker('push-2'),
  ];
  door.hosts = [
    hostView('web-1', { address: HOSTILE, detail: SENTENCE, groups: [HOSTILE, WIDE] }),
    hostView(WIDE),
  ];
  door.zombies = [
    zombieView(4711, { name: HOSTILE, parent: { pid: 812, name: HOSTILE, containerName: LONG } }),
  ];
  door.incidents = [incidentView('i-1', LONG), incidentView('i-2', WIDE)];
  door.jobs = [
    door.job0('j-00000000-aaaaa', { host: HOSTILE, state: 'failed', result: result({ detail: SENTENCE }) }),
    door.job0('j-00000000-bbbbb', { host: WIDE }),
  ];
  const kept = { project: HOSTILE, detail: SENTENCE, root: LONG };
  door.containers = [
    containerView(LONG, { ...kept, state: 'quarantined', reason: 'InQuarantine' }),
    containerView('jms_core', { state: 'stopped', reason: 'Exited', ...kept }),
  ];
  door.maintenance = [
    { scope: `container/${LONG}`, since: SINCE, until: SINCE, actor: HOSTILE, reason: SENTENCE },
  ];
});
after(() => fake.end());

const TABLES: readonly (readonly string[])[] = [
  ['push', 'eva', '--to', 'web-1', WIDE, '--no-wait'],
  ...['workers', 'jobs', 'hosts', 'containers', 'incidents', 'zombies', 'operations', 'pushes'].map(
    (kind) => ['get', kind],
  ),
  ['jobs'],
  ['status', 'push-1', 'jms_core'],
  ['quarantine', 'list'],
  ['maintenance', 'list'],
  ['user', 'list'],
  ['token', 'list'],
  ['config', 'show'],
];

function cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliEnd> {
  return runCli([...args, '--home', fake.home], env);
}

test('no line of any table is longer than 80 columns, and the name is whole', async () => {
  process.env['COLUMNS'] = '80';
  const said = await runCommands(fake.home, TABLES);
  delete process.env['COLUMNS'];
  for (const [index, stdout] of said.entries()) {
    const command = TABLES[index]?.join(' ') ?? '';
    assert.ok(
      stdout.trim().split('\n').length > 1 || /operations|token list|user list/.test(command),
      `${command}: ${stdout}`,
    );
    for (const line of stdout.split('\n')) assert.ok(textWidth(line) <= 80, `${command}: ${line}`);
  }
  const { stdout } = await cli(['get', 'containers'], { COLUMNS: '80' });
  assert.ok(stdout.split('\n').includes(LONG), stdout);
  assert.match(stdout, /jms_core[^]*stopped[^]*…/);
});

test('in a pipe, and with -o wide, nothing is cut', async () => {
  for (const [format, columns] of [
    ['table', ''],
    ['wide', '80'],
  ] as const) {
    const { stdout } = await cli(['get', 'hosts', '-o', format], { COLUMNS: columns });
    assert.ok(stdout.includes(SENTENCE), stdout);
    assert.ok(!stdout.includes('…'));
  }
});

test('a name that is longer than a line is cut with a word on how to have it whole', async () => {
  const before = fake.door.hosts;
  fake.door.hosts = [hostView('h'.repeat(120))];
  const { stdout, stderr } = await cli(['get', 'hosts'], { COLUMNS: '80' });
  const whole = await cli(['get', 'hosts', '-o', 'name']);
  fake.door.hosts = before;
  assert.match(stdout, /^h{79}…$/m);
  assert.match(stderr, /-o name prints them whole/);
  assert.equal(whole.stdout.trim(), 'h'.repeat(120));
});

test('states are coloured by what they mean, and the word is there without colour, too', async () => {
  const painted = (await cli(['get', 'workers', '--color', 'always'])).stdout;
  assert.ok(
    painted.includes('\u001b[31mhung\u001b[0m') && painted.includes('\u001b[32mup\u001b[0m'),
    painted,
  );
  const containers = (await cli(['get', 'containers', '--color', 'always'])).stdout;
  assert.ok(containers.includes('\u001b[2mstopped\u001b[0m'), containers);
  for (const [args, env] of [
    [['--color', 'never'], {}],
    [[], { NO_COLOR: '1' }],
  ] as const) {
    const plain = (await cli(['get', 'workers', ...args], env)).stdout;
    assert.equal(
      plain,
      ['0', '2', '31', '32', '33'].reduce((text, code) => text.replaceAll(`\u001b[${code}m`, ''), painted),
    );
  }
});

test('any table fits any width from 20 columns on, and its columns line up', () => {
  const paint = createOutput(process, 'never', {}).paint;
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '-', '机', 'é', 'e\u0301', '👩‍💻', '\u202e', '\n'),
    maxLength: 90,
  });
  const column = fc.record(
    {
      title: fc.constantFrom('NAME', 'STATE', 'DETAIL'),
      whole: fc.constant(true),
      spare: fc.constant(true),
      wraps: fc.constant(true),
    },
    { requiredKeys: ['title'] },
  );
  const rows = fc.array(fc.array(text, { minLength: 8, maxLength: 8 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(column, { minLength: 1, maxLength: 8 }),
      rows,
      fc.integer({ min: 20, max: 120 }),
      (made, items, most) => {
        const columns = made.map((each, index): Column<string[]> => ({
          ...each,
          of: (item) => item[index] ?? '',
        }));
        for (const line of tableLines(items, columns, { paint, columns: most }))
          assert.ok(textWidth(line) <= most, line);
      },
    ),
    { numRuns: 300 },
  );
});

test('widths are those of a terminal, and nothing is cut within a character', () => {
  const widths: readonly (readonly [string, number])[] = [
    ['abc', 3],
    [WIDE, 20],
    ['e\u0301', 1],
    ['👩‍💻', 2],
    ['ﾊﾝｶｸ', 4],
    ['', 0],
  ];
  for (const [text, width] of widths) assert.equal(textWidth(text), width, text);
  assert.equal(cutToWidth(WIDE, 5), '堡垒…');
  assert.equal(cutToWidth(WIDE, 6), '堡垒…');
  assert.equal(cutToWidth('abcdef', 6), 'abcdef');
  assert.deepEqual(wrapToWidth('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrapToWidth('abcdefgh', 3), ['abc', 'def', 'gh']);
});
