/** The page without scripts: nothing that a host says can turn round what stands beside it, and what it does not know it does not claim. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { containerView, worker } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { Visitor } from '../support/visitor.ts';

/** Turns the line round, rings, colours, and ends a line where there is none. */
const HOSTILE = 'a\u202eb\u001b[31mc\u0007d\u2028e\u200bf\u009bg';
const HARMLESS = 'a<U+202E>b<U+001B>[31mc<U+0007>d<U+2028>e<U+200B>f<U+009B>g'
  .replaceAll('<', '&lt;')
  .replaceAll('>', '&gt;');

let fake: FakeSupervisor;
let visitor: Visitor;
before(async () => {
  fake = await startFakeSupervisor();
  visitor = new Visitor(fake);
  const token = new URL(fake.server.signInLink()!).searchParams.get('token')!;
  await visitor.form('/login', { token });
});
after(() => fake.end());

test('control characters and marks of direction are shown by their number', async () => {
  const { heal } = containerView('x');
  fake.door.containers = [
    containerView('web', {
      ...{ state: 'unhealthy', root: 'web', detail: `of a container ${HOSTILE}` },
      heal: { ...heal, plan: `a plan ${HOSTILE}` },
    }),
  ];
  fake.door.problems = [`a problem ${HOSTILE}`];
  fake.door.workers = [worker('push-1', { state: 'late', detail: `of a worker ${HOSTILE}` })];
  fake.door.jobs = [fake.door.job0('j-1', { waitingFor: `of a job ${HOSTILE}` })];
  const { text } = await visitor.open('/plain');
  for (const what of ['of a container', 'a plan', 'a problem', 'of a worker', 'of a job'])
    assert.ok(text.includes(`${what} ${HARMLESS}`), what);
  assert.doesNotMatch(text, /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

test('a host is said to have no job only where all of them were looked at', async () => {
  const jobOf = (host: string): string =>
    new RegExp(`<td>${host}</td>\\s*<td>trusted</td>\\s*<td>([^<]*)</td>`).exec(text)?.[1]?.trim() ?? '';
  fake.door.jobs = [fake.door.job0('j-1', { host: 'web-1' })];
  let { text } = await visitor.open('/plain');
  assert.deepEqual(['web-1', 'web-2'].map(jobOf), ['push', 'none yet']);
  fake.door.jobs = Array.from({ length: 101 }, (_, index) => fake.door.job0(`j-${String(index)}`));
  ({ text } = await visitor.open('/plain'));
  assert.deepEqual(['web-1', 'web-2'].map(jobOf), ['push', 'none of the newest 100 jobs']);
});

test('it says since when it is stale, however often the connection is tried again', async () => {
  const { text } = await visitor.open('/plain');
  const script = /<script[^>]*>([^]*)<\/script>/.exec(text)![1]!;
  const live = { textContent: '' };
  const source: { onopen?: () => void; onerror?: () => void; addEventListener: () => void } = {
    addEventListener: () => undefined,
  };
  let hour = 1;
  runInNewContext(script, {
    document: { getElementById: () => live, baseURI: 'http://127.0.0.1/' },
    ...{ URL, location: {}, setTimeout: () => undefined },
    EventSource: function () {
      return source;
    },
    Date: function () {
      return { toLocaleTimeString: () => `0${String(hour)}:00:00` };
    },
  });
  const lost = (): string => {
    source.onerror!();
    return live.textContent;
  };
  assert.match(lost(), /^Stale since 01:00:00: no connection/);
  hour = 2;
  assert.match(lost(), /^Stale since 01:00:00: no connection/);
  source.onopen!();
  assert.match(live.textContent, /^Live/);
  assert.match(lost(), /^Stale since 02:00:00: no connection/);
});
