/** What a browser sees and does of containers: the section, the question before every deed, the deed, and how it went. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { GarrisonError } from '../../src/errors.ts';
import { containerView } from '../support/fakeDoor.ts';
import {
  callPage,
  callSocket,
  json,
  startFakeSupervisor,
  type Answer,
  type Call,
  type FakeSupervisor,
} from '../support/fakeSupervisor.ts';

const HOSTILE = `<script>alert(1)</script>" onclick="x' &lt;`;
const { heal } = containerView('x');

let fake: FakeSupervisor;
let cookie = '';
beforeEach(async () => {
  fake = await startFakeSupervisor();
  cookie = await signIn();
  fake.door.containers = [
    containerView('web'),
    containerView('jms_core', {
      ...{ state: 'unhealthy', reason: 'ProbeFailed', root: 'jms_core', zombies: 4, detail: HOSTILE },
      heal: { ...heal, selection: 'heal', plan: `restart it ${HOSTILE}`, restarts: 1 },
    }),
    containerView('jms_koko', {
      ...{ state: 'quarantined', reason: 'ProbeFailed', root: 'jms_koko' },
      heal: { ...heal, quarantinedSince: '2025-02-03T04:05:06Z' },
    }),
  ];
  fake.door.steps = ['restart jms_core: it is the root', `wait ${HOSTILE}`];
  fake.door.interrupts = [`2 connections on jms_core ${HOSTILE}`];
});
afterEach(() => fake.end());

const page = (call: Call): Promise<Answer> => callPage(fake, call);
const origin = (): string => `http://127.0.0.1:${String(fake.port)}`;
const formHeaders = (): Record<string, string> => ({
  'content-type': 'application/x-www-form-urlencoded',
  origin: origin(),
});

async function signIn(): Promise<string> {
  const token = new URL(fake.server.signInLink()!).searchParams.get('token')!;
  const answer = await page({
    method: 'POST',
    path: '/login',
    body: `token=${token}`,
    headers: formHeaders(),
  });
  return String(answer.headers['set-cookie']).split(';')[0]!;
}

const look = (path: string): Promise<Answer> => page({ path, headers: { cookie } });
const ask = (fields: Record<string, string>): Promise<Answer> =>
  look(`/ask?${new URLSearchParams(fields).toString()}`);
const act = (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> =>
  page({
    method: 'POST',
    path: '/act',
    body: new URLSearchParams(fields).toString(),
    headers: { ...formHeaders(), cookie, ...headers },
  });
/** What the browser would send when the button of that page is pressed. */
function fieldsOf({ text }: Answer): Record<string, string> {
  const form = /<form method="post" action="act">([^]*?)<\/form>/.exec(text)![1]!;
  const inputs = [...form.matchAll(/<input\s+type="hidden"\s+name="(\w+)"\s+value="([^"]*)"/g)];
  return Object.fromEntries(inputs.map(([, name, value]) => [name!, value!]));
}
const acted = (): unknown[] => fake.door.asked.filter((one) => !(one as { dryRun: boolean }).dryRun);
const HEAL = { verb: 'heal', target: 'container/jms_core' };

function assertHarmless({ text }: Answer): void {
  assert.ok(!text.includes('<script>alert') && !text.includes('" onclick="x'), text);
}

describe('the section on the status page', () => {
  test('shows each with what is done about it, the worst first, all of it as text', async () => {
    fake.door.brake = `too many are sick ${HOSTILE}`;
    fake.door.maintenance = [
      { scope: 'container/web', since: '', until: '2025-05-05T05:05:05Z', actor: 'local', reason: HOSTILE },
    ];
    const answer = await look('/plain');
    assert.equal(answer.status, 200);
    assertHarmless(answer);
    const section = answer.text.split('<h2>Containers</h2>')[1]!;
    const names = [...section.matchAll(/<tr>\s*<td>(\w+)<\/td>/g)].map(([, name]) => name);
    assert.deepEqual(names.slice(0, 3), ['jms_koko', 'jms_core', 'web']);
    for (const said of [
      /The brake is on: too many/,
      /Maintenance of container\/web until 2025-05-05T05:05:05Z/,
      /In maintenance until 2025-05-05T05:05:05Z/,
      /<td>1 of 3<\/td>\s*<td>4<\/td>/,
      /<time>2025-02-03T04:05:06Z<\/time>/,
      /restart it &lt;script&gt;/,
    ])
      assert.match(section, said);
    const buttons = [...section.matchAll(/<button>([^<]*)<\/button>/g)].map(([, words]) => words);
    assert.deepEqual(buttons, ['End it now', 'Begin…', 'Clear quarantine…', 'Heal…', 'Restart…', 'Restart…']);
  });
  test('has no button for whoever may only read', async () => {
    const made = await callSocket(fake, {
      method: 'POST',
      path: '/api/v1/tokens',
      ...json({ name: 'reader', scope: 'read' }),
    });
    const { token } = (JSON.parse(made.text) as { item: { token: string } }).item;
    const headers = { authorization: `Bearer ${token}` };
    const { text } = await page({ path: '/plain', headers });
    assert.ok(text.includes('jms_core') && !text.includes('Heal…') && !text.includes('action="ask"'));
    for (const call of [
      { path: '/ask?verb=heal&target=container/jms_core' },
      { method: 'POST', path: '/act' },
    ])
      assert.equal((await page({ ...call, headers })).status, 403, call.path);
    assert.deepEqual(fake.door.asked, []);
  });
  test('says why there are none where Docker is not seen', async () => {
    fake.door.containers = [];
    const before = fake.door.containersSummary.bind(fake.door);
    fake.door.containersSummary = () => ({ ...before(), listed: false });
    fake.door.docker = { ...fake.door.docker, state: 'away', detail: 'there is no socket /run/docker.sock' };
    assert.match((await look('/plain')).text, /<h2>Containers<\/h2>\s*<p>there is no socket/);
  });
});

describe('a button', () => {
  test('leads to a question with the steps and whom they interrupt, and does nothing yet', async () => {
    const question = await ask(HEAL);
    assert.equal(question.status, 200);
    assertHarmless(question);
    assert.match(question.text, /<h1>Heal container\/jms_core\?<\/h1>/);
    assert.match(question.text, /<ol>\s*<li>restart jms_core: it is the root<\/li>\s*<li>wait &lt;script/);
    assert.match(question.text, /2 connections on jms_core &lt;script/);
    assert.deepEqual(acted(), []);
    assert.equal((fake.door.asked[0] as { actor: string }).actor, 'page');
  });
  test('of the question acts, once, and leads to how it goes', async () => {
    const fields = fieldsOf(await ask(HEAL));
    const done = await act({ ...fields, reason: `ticket ${HOSTILE}` });
    assert.equal(done.status, 303);
    const where = String(done.headers.location);
    assert.match(where, /^\/operations\/o-\d+$/);
    assert.deepEqual(acted(), [
      {
        ...HEAL,
        from: '127.0.0.1',
        reason: `ticket ${HOSTILE}`,
        ifIncarnation: null,
        forMs: null,
        actor: 'page',
        dryRun: false,
      },
    ]);
    const running = await look(where);
    assertHarmless(running);
    assert.equal(running.headers.refresh, '2');
    assert.match(running.text, /running<\/p>/);
    fake.door.endOperation(where.split('/').at(-1)!, { state: 'done', detail: `healthy ${HOSTILE}` });
    const ended = await look(where);
    assertHarmless(ended);
    assert.equal(ended.headers.refresh, undefined);
    assert.match(ended.text, /done<\/p>\s*<p>healthy &lt;script/);
  });
  test('works for every wish the section has, and for maintenance with its length', async () => {
    const wishes: Record<string, string>[] = [
      { verb: 'restart', target: 'container/web' },
      { verb: 'clearQuarantine', target: 'container/jms_koko' },
      { verb: 'maintenanceOn', target: 'all', forMs: '1800000' },
      { verb: 'maintenanceOff', target: 'project/jms' },
    ];
    for (const wish of wishes) {
      const fields = fieldsOf(await ask(wish));
      assert.equal((await act({ ...fields, reason: '' })).status, 303, wish['verb']);
    }
    assert.deepEqual(
      acted().map((one) => (one as { verb: string }).verb),
      wishes.map((wish) => wish['verb']),
    );
    assert.equal((acted()[2] as { forMs: number }).forMs, 1_800_000);
  });
});

describe('what is refused', () => {
  test('by the supervisor is said in words, with what to do next', async () => {
    const refusal = new GarrisonError('REFUSED_BY_GUARD', `it is in quarantine ${HOSTILE}`, {
      cure: 'clear it',
    });
    const fields = fieldsOf(await ask(HEAL));
    fake.door.refusal = refusal;
    for (const answer of [await ask(HEAL), await act(fields)]) {
      assert.equal(answer.status, 409);
      assertHarmless(answer);
      assert.match(answer.text, /<h1>Nothing was done<\/h1>[^]*in quarantine[^]*Next: clear it/);
    }
    assert.equal((await look('/operations/none')).status, 404);
  });
  test('is whatever no button of the page sends', async () => {
    const bad: Record<string, string>[] = [
      {},
      { verb: 'heal' },
      { verb: 'restart', target: 'docker' },
      { verb: 'restart', target: 'push-1' },
      { verb: 'restart', target: 'worker/push-1' },
      { verb: 'stop', target: 'container/web' },
      { verb: 'reap' },
      { verb: 'maintenanceOn', target: 'all', forMs: 'x' },
      { verb: 'heal', target: 'container/web', forMs: '1800000' },
    ];
    const { form } = fieldsOf(await ask(HEAL));
    fake.door.asked.length = 0;
    for (const fields of bad) {
      assert.equal((await ask(fields)).status, 400, JSON.stringify(fields));
      assert.equal((await act({ ...fields, form: form! })).status, 400, JSON.stringify(fields));
    }
    assert.deepEqual(fake.door.asked, []);
  });
  test('is a deed that does not prove to come from our form, from our page, in this session', async () => {
    const fields = fieldsOf(await ask(HEAL));
    const other = await signIn();
    const answers = [
      await act({ ...HEAL }),
      await act({ ...fields, form: 'wrong' }),
      await act(fields, { cookie: other }),
      await act(fields, { origin: 'https://evil.example' }),
      await act(fields, { 'sec-fetch-site': 'cross-site' }),
      await page({
        method: 'POST',
        path: '/act',
        body: new URLSearchParams(fields).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', cookie },
      }),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array(answers.length).fill(403),
    );
    assert.equal((await act(fields, { cookie: '' })).status, 401);
    assert.deepEqual(acted(), []);
  });
  test('is a form from a token, which has the API', async () => {
    const made = await callSocket(fake, {
      method: 'POST',
      path: '/api/v1/tokens',
      ...json({ name: 't', scope: 'operate' }),
    });
    const { token } = (JSON.parse(made.text) as { item: { token: string } }).item;
    const answer = await page({
      ...{ method: 'POST', path: '/act', body: new URLSearchParams(HEAL).toString() },
      headers: { ...formHeaders(), authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 403);
    assert.deepEqual(acted(), []);
  });
});
