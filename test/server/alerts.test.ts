/** Who may hand in alerts, what a delivery may hold, and that a token for it opens nothing else. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  callPage,
  callSocket,
  json,
  startFakeSupervisor,
  type Answer,
  type FakeSupervisor,
} from '../support/fakeSupervisor.ts';

const PATH = '/api/v1/hooks/alertmanager';
const ALERT = {
  status: 'firing',
  fingerprint: '0123456789abcdef',
  startsAt: '2026-01-02T03:04:05.123456789+08:00',
  endsAt: '0001-01-01T00:00:00Z',
  labels: { alertname: 'Sick', container: 'core', severity: 'error' },
  annotations: { summary: 'x' },
};
const DELIVERY = {
  version: '4',
  groupKey: '{}:{}',
  receiver: 'garrison',
  truncatedAlerts: 0,
  alerts: [ALERT],
};

let fake: FakeSupervisor;
const tokens: Record<string, string> = {};
before(async () => {
  fake = await startFakeSupervisor();
  for (const scope of ['read', 'operate', 'hook']) {
    const made = await callSocket(fake, {
      method: 'POST',
      path: '/api/v1/tokens',
      ...json({ name: scope, scope }),
    });
    assert.equal(made.status, 201);
    tokens[scope] = (JSON.parse(made.text) as { item: { token: string } }).item.token;
  }
});
after(() => fake.end());

function call(scope: string | null, method: string, path: string, body?: object): Promise<Answer> {
  const sent = body === undefined ? null : json(body);
  const bearer = scope === null ? {} : { authorization: `Bearer ${tokens[scope] ?? ''}` };
  return callPage(fake, {
    ...{ method, path },
    headers: { ...sent?.headers, ...bearer },
    ...(sent === null ? {} : { body: sent.body }),
  });
}

const hand = (body: object): Promise<Answer> => call('hook', 'POST', PATH, body);

describe('alerts', () => {
  it('are taken from a token of their own scope, and each is answered', async () => {
    const answer = await hand(DELIVERY);
    assert.equal(answer.status, 200, answer.text);
    const document = JSON.parse(answer.text) as { kind: string; items: unknown[] };
    assert.equal(document.kind, 'AlertAnswerList');
    assert.deepEqual(document.items, [
      { fingerprint: ALERT.fingerprint, alertname: 'Sick', what: 'ignored', operation: null, why: 'a test' },
    ]);
    assert.deepEqual(fake.door.asked.at(-1), {
      alerts: [
        {
          ...{ status: 'firing', fingerprint: ALERT.fingerprint, startsAt: ALERT.startsAt },
          ...{ alertname: 'Sick', worker: null, container: 'core' },
        },
      ],
    });
  });

  it('are taken over the socket', async () => {
    assert.equal((await callSocket(fake, { method: 'POST', path: PATH, ...json(DELIVERY) })).status, 200);
  });

  for (const [scope, status] of [
    [null, 401],
    ['read', 403],
    ['operate', 403],
  ] as const)
    it(`are not taken from ${scope ?? 'a stranger'}`, async () => {
      const before = fake.door.asked.length;
      assert.equal((await call(scope, 'POST', PATH, DELIVERY)).status, status);
      assert.equal(fake.door.asked.length, before);
    });

  const wrong: readonly (readonly [string, object, RegExp])[] = [
    ['another version', { ...DELIVERY, version: '3' }, /version: must be 4/],
    ['no alerts', { version: '4' }, /alerts/],
    ['too many', { ...DELIVERY, alerts: Array.from({ length: 1001 }, () => ALERT) }, /alerts/],
    [
      'a fingerprint that is none',
      { ...DELIVERY, alerts: [{ ...ALERT, fingerprint: '../x' }] },
      /fingerprint/,
    ],
    ['a time that is none', { ...DELIVERY, alerts: [{ ...ALERT, startsAt: 'now' }] }, /startsAt/],
    ['a status that is none', { ...DELIVERY, alerts: [{ ...ALERT, status: 'x' }] }, /status/],
    [
      'a name too long',
      { ...DELIVERY, alerts: [{ ...ALERT, labels: { alertname: 'x'.repeat(1001) } }] },
      /alertname/,
    ],
    ['labels that are a list', { ...DELIVERY, alerts: [{ ...ALERT, labels: [] }] }, /labels/],
    ['a number for a name', { ...DELIVERY, alerts: [{ ...ALERT, labels: { alertname: 1 } }] }, /alertname/],
  ];
  for (const [name, body, problem] of wrong)
    it(`with ${name} are refused`, async () => {
      const answer = await hand(body);
      assert.equal(answer.status, 400);
      assert.match(answer.text, problem);
    });

  it('over 1 MiB are refused', async () => {
    assert.equal((await hand({ ...DELIVERY, receiver: 'x'.repeat(2 ** 20) })).status, 413);
  });
});

describe('a token for alerts', () => {
  const others: readonly (readonly [string, string])[] = [
    ['GET', '/'],
    ['GET', '/metrics'],
    ['GET', '/nothing'],
    ['GET', '/api/v1/status'],
    ['GET', '/api/v1/events'],
    ['GET', '/api/v1/audit'],
    ['GET', '/api/v1/tokens'],
    ['GET', PATH],
    ['POST', '/api/v1/operations'],
    ['POST', '/api/v1/pushes'],
    ['POST', '/api/v1/tokens'],
    ['DELETE', '/api/v1/tokens/hook'],
  ];
  for (const [method, path] of others)
    it(`does not open ${method} ${path}`, async () => {
      assert.equal((await call('hook', method, path)).status, 403);
    });

  it('learns of health what a stranger learns', async () => {
    assert.equal((await call('hook', 'GET', '/readyz')).text, 'ok\n');
    assert.match((await call('read', 'GET', '/readyz')).text, /all is there/);
  });
});
