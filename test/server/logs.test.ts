/** The log over HTTP beside its plain following: from a byte, from its end, by ranges, for a slow reader, and for 200 viewers. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { createClient, type ServerEvent } from '../../src/cli/client.ts';
import { worker } from '../support/fakeDoor.ts';
import { callSocket, startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { until } from '../support/until.ts';

interface LogPartView {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly state: string;
  readonly ended: boolean;
}

const VIEWERS = 200;
/** What one page may cost the server while it is only followed. */
const MOST_BYTES_OF_A_VIEWER = 256 * 1024;

describe('a log over HTTP', () => {
  const leaks = watchForLeaks();
  let fake: FakeSupervisor;
  let log: string;
  let open: ClientRequest[] = [];
  beforeEach(async () => {
    fake = await startFakeSupervisor();
    fake.door.jobs.push(fake.door.job0('j-1', { state: 'running' }));
    log = await fake.door.jobLogFile('j-1');
  });
  afterEach(async () => {
    for (const each of open) each.destroy();
    open = [];
    await fake.end();
  });
  after(() => leaks.assertNone());

  const followed = async (query: string): Promise<ServerEvent[]> => {
    fake.door.change('j-1', { state: 'done' });
    const events: ServerEvent[] = [];
    const path = `/api/v1/jobs/j-1/log?follow=1&${query}`;
    for await (const event of createClient(fake).events(path, { signal: AbortSignal.timeout(10_000) }))
      if (event.event !== 'ping') events.push(event);
    return events;
  };
  const textOf = (events: readonly ServerEvent[]): string =>
    events.flatMap(({ event, data }) => (event === 'log' ? [(data as { text: string }).text] : [])).join('');
  const stream = (path: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const sent = request({
        socketPath: fake.socketPath,
        path,
        headers: { host: 'localhost' },
        agent: false,
      });
      open.push(sent);
      sent.on('response', resolve).on('error', reject).end();
    });

  test('is followed from a byte on, and says of each part where it lies', async () => {
    writeFileSync(log, 'one\ntwo\nthree\n');
    const events = await followed('from=4');
    assert.equal(textOf(events), 'two\nthree\n');
    assert.deepEqual([events[0]?.data, events[0]?.id], [{ text: 'two\nthree\n', from: 4, size: 14 }, '14']);
  });

  test('is followed from a whole line near its end, and from its beginning when it is short', async () => {
    writeFileSync(log, `${'x'.repeat(100)}\n`.repeat(1_000));
    const events = await followed('tail=1000');
    assert.equal(textOf(events), `${'x'.repeat(100)}\n`.repeat(9));
    writeFileSync(log, 'short\n');
    assert.equal(textOf(await followed('tail=1000')), 'short\n');
  });

  test('tells at once that a stream has begun, also where no line is written yet', async () => {
    const begun = await stream('/api/v1/jobs/j-1/log?follow=1');
    let seen = '';
    begun.setEncoding('utf8').on('data', (part: string) => (seen += part));
    await until('a first event', () => seen.includes('event: ping\n'));
  });

  test('is given part by part to who cannot follow: whole lines, none twice, and its end with the job’s', async () => {
    const ask = async (where: string): Promise<LogPartView> => {
      const { status, text } = await callSocket(fake, { path: `/api/v1/jobs/j-1/log?part=1&${where}` });
      assert.equal(status, 200, text);
      return (JSON.parse(text) as { item: LogPartView }).item;
    };
    const nothing = { text: '', from: 0, to: 0, size: 0, state: 'running', ended: false };
    assert.deepEqual(await ask('tail=1000'), nothing);
    const whole = `${'é中 line\n'.repeat(60_000)}half a line`;
    writeFileSync(log, whole);
    let text = '';
    let part = await ask('from=0');
    for (; part.text !== ''; part = await ask(`from=${String(part.to)}`)) {
      assert.equal(part.from, Buffer.byteLength(text));
      text += part.text;
      assert.ok(part.text.endsWith('\n') && part.text.length <= 256 * 1024);
    }
    assert.deepEqual([text, part.ended], [whole.slice(0, whole.lastIndexOf('\n') + 1), false]);
    fake.door.change('j-1', { state: 'done' });
    assert.deepEqual(await ask(`from=${String(part.to)}`), {
      text: 'half a line',
      from: part.to,
      to: Buffer.byteLength(whole),
      size: Buffer.byteLength(whole),
      state: 'done',
      ended: true,
    });
    writeFileSync(log, 'another log\n');
    assert.deepEqual((({ text, from }) => [text, from])(await ask('from=5000')), ['another log\n', 0]);
  });

  test('is told anew to who follows it when another, shorter one took its place', async () => {
    writeFileSync(log, 'one\ntwo\nthree\n');
    let seen = '';
    const begun = await stream('/api/v1/jobs/j-1/log?follow=1');
    begun.setEncoding('utf8').on('data', (part: string) => (seen += part));
    await until('the first log', () => seen.includes('three'));
    writeFileSync(log, 'anew\n');
    await until('the second', () => seen.includes('"text":"anew\\n","from":0'));
  });

  test('is given in ranges, as much as was asked for and there is', async () => {
    writeFileSync(log, '0123456789');
    const range = (value: string): ReturnType<typeof callSocket> =>
      callSocket(fake, { path: '/api/v1/jobs/j-1/log', headers: { range: value } });
    const some = await range('bytes=2-4');
    assert.deepEqual([some.status, some.text, some.headers['content-range']], [206, '234', 'bytes 2-4/10']);
    assert.deepEqual([(await range('bytes=8-99')).text, (await range('bytes=10-11')).status], ['89', 416]);
    for (const odd of ['bytes=4-2', 'bytes=-3', 'lines=1-2', 'bytes=0-1,3-4'])
      assert.deepEqual([(await range(odd)).status, (await range(odd)).text], [200, '0123456789'], odd);
    writeFileSync(log, 'x'.repeat(3 * 2 ** 20));
    assert.equal((await range('bytes=0-99999999')).text.length, 2 ** 20);
  });

  test('is not read ahead for a reader that does not read, however long it is', async () => {
    writeFileSync(log, `${'y'.repeat(1_023)}\n`.repeat(64 * 1024));
    const before = process.memoryUsage().rss;
    const slow = await Promise.all(Array.from({ length: 20 }, () => stream('/api/v1/jobs/j-1/log?follow=1')));
    for (const each of slow) each.pause();
    // The others are still served, at once, while those do not read.
    const quick = await stream('/api/v1/jobs/j-1/log?follow=1&tail=10');
    appendFileSync(log, 'the newest line\n');
    let seen = '';
    quick.setEncoding('utf8').on('data', (part: string) => (seen += part));
    await until('a quick reader has the newest line', () => seen.includes('the newest line'));
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 200 * 2 ** 20, `20 slow readers of 64 MiB hold ${String(grown)} bytes`);
  });

  test('is followed with the events by 200 viewers, whom one more change reaches', async () => {
    writeFileSync(log, 'begun\n');
    const before = process.memoryUsage().rss;
    let reached = 0;
    for (let viewer = 0; viewer < VIEWERS; viewer += 1) {
      const [events, lines] = await Promise.all([
        stream('/api/v1/events'),
        stream('/api/v1/jobs/j-1/log?follow=1'),
      ]);
      assert.deepEqual([events.statusCode, lines.statusCode], [200, 200]);
      for (const [from, word] of [
        [events, 'changed just now'],
        [lines, 'a new line'],
      ] as const)
        from.setEncoding('utf8').on('data', (part: string) => (reached += part.includes(word) ? 1 : 0));
    }
    appendFileSync(log, 'a new line\n');
    fake.door.tell({ type: 'worker', worker: worker('push-1', { detail: 'changed just now' }) });
    await until('each stream has its news', () => reached === 2 * VIEWERS);
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < VIEWERS * MOST_BYTES_OF_A_VIEWER, `they hold ${String(grown)} bytes`);
  });
});
