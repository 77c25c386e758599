/** Messages to a local service that answers, refuses, fails, hangs and drips: what arrives, how often, and what is counted. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import type { OpenChannel } from '../../src/alertSettings.ts';
import { Notifier } from '../../src/driver/notify.ts';
import type { Notice } from '../../src/reconciler/notice.ts';
import { until } from '../support/until.ts';

const SECRET_PATH = '/hook/s3cr3t';

const NOTICE: Notice = {
  ...{ kind: 'begun', key: 'redis', severity: 'error', what: 'Redis does not answer' },
  ...{ since: '2025-01-02T03:04:05.678Z', why: 'refused', next: 'Look', command: 'garrison status' },
  at: '2025-01-02T03:04:15.678Z',
};

interface Heard {
  readonly url: URL;
  readonly body: Record<string, unknown>;
}

type Answer = (outgoing: ServerResponse, count: number) => void;

async function service(
  context: TestContext,
  answer: Answer,
): Promise<{ address: string; heard: readonly Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer((incoming: IncomingMessage, outgoing) => {
    let text = '';
    incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '', 'http://x');
      heard.push({ url, body: JSON.parse(text) as Record<string, unknown> });
      answer(outgoing, heard.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  return { address: `http://127.0.0.1:${String(port)}${SECRET_PATH}`, heard };
}

const ok: Answer = (outgoing) => outgoing.end('{"errcode":0}');

interface Lost {
  readonly outcome: string;
  readonly detail: string;
}

function open(
  context: TestContext,
  address: string,
  { deadlineMs = 10_000, ...change }: Partial<OpenChannel> & { readonly deadlineMs?: number } = {},
): { notifier: Notifier; lost: Lost[]; count: (outcome: string) => number } {
  const lost: Lost[] = [];
  const notifier = new Notifier({
    host: 'bastion-a',
    channels: [
      { name: 'c-1', template: 'plain', minSeverity: 'warning', address, signingKey: null, ...change },
    ],
    deadlineMs,
    pauseFactor: 0.005,
    onLost: (one) => {
      assert.ok(!JSON.stringify(one).includes('s3cr3t'), 'the address is not told');
      lost.push(one);
    },
  });
  context.after(() => notifier.end());
  const count = (wanted: string): number =>
    notifier.counts().find(({ outcome }) => outcome === wanted)?.count ?? -1;
  return { notifier, lost, count };
}

describe('a message', () => {
  it('arrives once, with what is documented', async (context) => {
    const { address, heard } = await service(context, ok);
    const { notifier, count } = open(context, address);
    notifier.tell(NOTICE);
    await until('it is delivered', () => count('delivered') === 1);
    const { kind: event, ...fields } = NOTICE;
    assert.deepEqual(heard[0]?.body, {
      ...{ apiVersion: 'garrison/v1', kind: 'Notice', event, host: 'bastion-a' },
      ...fields,
    });
    assert.equal(heard.length, 1);
    assert.deepEqual([count('failed'), count('dropped')], [0, 0]);
  });

  it('is signed for DingTalk in the address', async (context) => {
    const { address, heard } = await service(context, ok);
    const { notifier, count } = open(context, address, { template: 'dingtalk', signingKey: 'SEC1' });
    notifier.tell(NOTICE);
    await until('it is delivered', () => count('delivered') === 1);
    const { searchParams } = heard[0]!.url;
    const timestamp = searchParams.get('timestamp') ?? '';
    assert.match(timestamp, /^\d{13}$/);
    const expected = createHmac('sha256', 'SEC1').update(`${timestamp}\nSEC1`).digest('base64');
    assert.equal(searchParams.get('sign'), expected);
    assert.equal(heard[0]?.body['msgtype'], 'markdown');
  });

  it('is signed for Feishu in the body', async (context) => {
    const { address, heard } = await service(context, ok);
    const { notifier, count } = open(context, address, { template: 'feishu', signingKey: 'SEC1' });
    notifier.tell(NOTICE);
    await until('it is delivered', () => count('delivered') === 1);
    const { timestamp, sign } = heard[0]!.body as { timestamp: string; sign: string };
    assert.match(timestamp, /^\d{10}$/);
    assert.equal(sign, createHmac('sha256', `${timestamp}\nSEC1`).update('').digest('base64'));
  });

  it('is tried again until it is heard', async (context) => {
    const { address, heard } = await service(context, (outgoing, count) => {
      if (count === 1) outgoing.writeHead(500).end('no');
      else if (count === 2) outgoing.destroy();
      else if (count === 3) outgoing.end('{"errcode":45009,"errmsg":"too often"}');
      else ok(outgoing, count);
    });
    const { notifier, lost, count } = open(context, address);
    notifier.tell(NOTICE);
    await until('it is delivered', () => count('delivered') === 1);
    assert.equal(heard.length, 4);
    assert.deepEqual(lost, []);
  });

  const losses: readonly (readonly [string, Answer, number, RegExp])[] = [
    ['answers 500', (outgoing) => outgoing.writeHead(500).end(), 5, /try 5: HTTP 500/],
    ['hangs', () => undefined, 5, /try 5: no answer within 200 ms/],
    ['drips', (outgoing) => drip(outgoing), 5, /no answer within 200 ms/],
    ['closes', (outgoing) => outgoing.destroy(), 5, /ECONNRESET/],
    ['refuses with HTTP 200', (outgoing) => outgoing.end('{"code":19021,"msg":"sign"}'), 5, /code 19021/],
    ['does not know us', (outgoing) => outgoing.writeHead(403).end(), 1, /try 1: HTTP 403/],
    ['sends us elsewhere', (outgoing) => outgoing.writeHead(302, { location: '/x' }).end(), 1, /HTTP 302/],
  ];
  for (const [name, answer, tries, detail] of losses)
    it(`to a service that ${name} is given up after ${String(tries)}, counted and told`, async (context) => {
      const { address, heard } = await service(context, answer);
      const { notifier, lost, count } = open(context, address, { deadlineMs: 200 });
      notifier.tell(NOTICE);
      await until('it is given up', () => count('failed') === 1);
      assert.equal(heard.length, tries);
      assert.equal(
        heard.every(({ url }) => url.pathname === SECRET_PATH),
        true,
      );
      assert.match(lost[0]?.detail ?? '', detail);
    });

  it('to nobody at all is given up', async (context) => {
    const { notifier, lost, count } = open(context, 'http://127.0.0.1:1/hook/s3cr3t');
    notifier.tell(NOTICE);
    await until('it is given up', () => count('failed') === 1);
    assert.match(lost[0]?.detail ?? '', /ECONNREFUSED/);
  });

  it('with an answer without end counts as delivered, and the rest is not read', async (context) => {
    const { address } = await service(context, (outgoing) => {
      outgoing.write('x'.repeat(100_000));
    });
    const { notifier, count } = open(context, address);
    notifier.tell(NOTICE);
    await until('it is delivered', () => count('delivered') === 1);
  });

  it('goes only to whom its severity concerns', async (context) => {
    const { address, heard } = await service(context, ok);
    const { notifier, count } = open(context, address, { minSeverity: 'error' });
    notifier.tell({ ...NOTICE, severity: 'warning' });
    notifier.tell(NOTICE);
    await until('it is delivered', () => count('delivered') === 1);
    assert.equal(heard.length, 1);
  });
});

describe('many messages', () => {
  it('keep their order; over a hundred, the oldest go, and nobody waits', async (context) => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { address, heard } = await service(context, (outgoing, count) => {
      void held.then(() => {
        ok(outgoing, count);
      });
    });
    const { notifier, count, lost } = open(context, address);
    const beganMs = performance.now();
    for (let index = 0; index < 151; index += 1) notifier.tell({ ...NOTICE, key: String(index) });
    assert.ok(performance.now() - beganMs < 1000, 'nobody waits');
    release();
    await until('all that are left are delivered', () => count('delivered') === 101);
    assert.equal(count('dropped'), 50);
    assert.equal(lost.length, 50);
    const keys = heard.map(({ body }) => Number(body['key']));
    assert.deepEqual(
      keys,
      [...keys].sort((one, other) => one - other),
    );
    assert.equal(keys.at(-1), 150);
  });

  it('that are not sent at the end are dropped, and the end does not wait', async (context) => {
    const { address } = await service(context, () => undefined);
    const { notifier, count, lost } = open(context, address);
    notifier.tell(NOTICE);
    notifier.tell(NOTICE);
    await notifier.end();
    assert.equal(count('dropped'), 2);
    assert.match(lost[0]?.detail ?? '', /ended before/);
    notifier.tell(NOTICE);
    assert.equal(count('dropped'), 2);
  });
});

function drip(outgoing: ServerResponse): void {
  outgoing.writeHead(200);
  const timer = setInterval(() => outgoing.write(' '), 20);
  outgoing.on('close', () => {
    clearInterval(timer);
  });
}
