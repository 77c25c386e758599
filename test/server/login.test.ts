/** Signing in by name and password: where it leads, what is told to whom, the lock, and what a flood does. */
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { wayBack } from '../../src/server/place.ts';
import { preferredLanguage } from '../../src/server/loginWords.ts';
import type { LoginsView } from '../../src/server/loginDesk.ts';
import { cookieNameOf } from '../../src/server/session.ts';
import {
  callSocket,
  json,
  startFakeSupervisor,
  type Answer,
  type FakeSupervisor,
} from '../support/fakeSupervisor.ts';
import { addUser, alertsOf, PASSWORD, Visitor } from '../support/visitor.ts';
import { until } from '../support/until.ts';

/** Somebody elsewhere: what was wrong is not explained to that one. */
const STRANGER = { trustedProxies: ['loopback'] };
/** As few as may be: each costs a hash. */
const LOGIN = { tries: 3, lockMs: 900_000 };
const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });

let fake: FakeSupervisor;
beforeEach(async () => {
  fake = await startFakeSupervisor(undefined, {
    page: STRANGER,
    login: { ...LOGIN, explainTo: ['loopback'] },
  });
  await addUser(fake, 'betty1210', 'operate');
});
afterEach(() => fake.end());

const visitor = (address = '192.0.2.7'): Visitor => new Visitor(fake, { headers: from(address) });
const logins = async (): Promise<LoginsView> =>
  (JSON.parse((await callSocket(fake, { path: '/api/v1/logins' })).text) as { item: LoginsView }).item;

/** The tries of one source are limited in time; a lock is reached within what is allowed at once. */
async function fail(who: Visitor, name: string, times: number): Promise<Answer> {
  let last: Answer | null = null;
  for (let turn = 0; turn < times; turn += 1) last = await who.signIn(name, 'a wrong password');
  return last!;
}

describe('the sign-in page', () => {
  test('needs no script, labels its fields, and says what they are for', async () => {
    const { text, headers } = await visitor().open('/login');
    assert.ok(!text.includes('<script'));
    for (const part of [
      '<label for="name">Name</label>',
      'autocomplete="username"',
      '<label for="password">Password</label>',
      'type="password"',
      'autocomplete="current-password"',
    ])
      assert.ok(text.includes(part), part);
    assert.ok(!String(headers['content-security-policy']).includes('unsafe'));
    assert.match(String(headers['content-security-policy']), /form-action 'self'/);
  });
  test('is in the language of the browser', async () => {
    const { text } = await visitor().call({
      path: '/login',
      headers: { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' },
    });
    assert.match(text, /<html lang="zh">/);
    assert.ok(text.includes('用户名') && text.includes('密码') && text.includes('登录'));
    for (const [header, language] of [
      ['en-GB,zh;q=0.8', 'en'],
      ['fr,zh;q=0.5,en;q=0.4', 'zh'],
      ['de', 'en'],
      ['zh;q=0', 'en'],
      ['', 'en'],
      [undefined, 'en'],
      [',;q=,zh', 'zh'],
    ] as const)
      assert.equal(preferredLanguage(header), language, String(header));
  });
  test('is where a browser is sent that asks for a view, and the way back; a program gets the problem', async () => {
    const betty = visitor();
    const sent = await betty.open('/workers/push-1?tab=story');
    assert.deepEqual([sent.status, sent.headers.location], [303, '/login?to=workers%2Fpush-1%3Ftab%3Dstory']);
    const form = await betty.open(String(sent.headers.location));
    assert.match(form.text, /name="to" value="workers\/push-1\?tab=story"/);
    const back = await betty.signIn('betty1210', PASSWORD, { to: 'workers/push-1?tab=story' });
    assert.deepEqual([back.status, back.headers.location], [303, '/workers/push-1?tab=story']);
    assert.equal((await betty.open('/workers/push-1')).status, 200);
    assert.equal((await visitor().open('/api/v1/status')).status, 401);
    assert.equal((await visitor().call({ path: '/workers' })).status, 401);
    assert.equal((await visitor().open('/')).headers.location, '/login');
  });
  test('is not shown to who comes by a link from elsewhere and is signed in already: asked once more, the cookie comes', async () => {
    const answer = await visitor().call({
      path: '/workers/push-1',
      headers: { accept: 'text/html', 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(answer.headers.refresh, '0; url=/workers/push-1');
    const evil = await visitor().call({
      path: '//evil.example/x',
      headers: { accept: 'text/html', 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(evil.headers.refresh, '0; url=/evil.example/x');
  });
  test('leads to no other server, whatever the address says', async () => {
    const bad = [
      '//evil.example',
      '///evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      'https://evil.example/',
      'javascript:alert(1)',
      'data:text/html,x',
      './/evil.example',
      '..//evil.example',
      'x/..//evil.example',
      '/%2e%2e//evil.example',
      '\t//evil.example',
      'http:evil.example',
      'login?to=x',
      'logout',
      'x'.repeat(3_000),
    ];
    for (const base of ['/', '/garrison/']) {
      for (const to of bad) {
        const way = wayBack(to, base);
        assert.ok(way.startsWith(base) && !way.startsWith('//') && !way.includes('\\'), `${to} → ${way}`);
        assert.equal(new URL(way, 'http://own.example').origin, 'http://own.example');
      }
      for (const to of [undefined, null, 7, {}, '']) assert.equal(wayBack(to, base), base);
      assert.equal(wayBack('jobs?state=failed', base), `${base}jobs?state=failed`);
    }
    const betty = visitor();
    const answer = await betty.signIn('betty1210', PASSWORD, { to: '//evil.example' });
    assert.deepEqual([answer.status, answer.headers.location], [303, '/']);
    const twice = await visitor().form('/login?to=a&to=b', { name: 'x', password: 'y' });
    assert.equal(twice.status, 401);
  });
});

describe('a session', () => {
  test('is a new one, whatever cookie came along, and the one before is over', async () => {
    const betty = visitor();
    betty.cookie = `${cookieNameOf(fake.home)}=planted-by-somebody-else-0123456789`;
    assert.equal((await betty.signIn('betty1210')).status, 303);
    const first = betty.cookie;
    assert.ok(!first.includes('planted'));
    assert.equal((await betty.signIn('betty1210')).status, 303);
    assert.notEqual(betty.cookie, first);
    const replayed = visitor();
    replayed.cookie = first;
    assert.equal((await replayed.open('/')).status, 303);
  });
  test('has a cookie that no script and no other site gets, and ends for good', async () => {
    const betty = visitor();
    const cookie = String((await betty.signIn('betty1210')).headers['set-cookie']);
    assert.match(
      cookie,
      /^garrison_session_[0-9a-f]{12}=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=\/$/,
    );
    const kept = betty.cookie;
    const me = JSON.parse((await betty.api('GET', '/api/v1/me')).text) as { item: { formToken: string } };
    assert.equal((await betty.form('/logout', { form: me.item.formToken })).status, 200);
    betty.cookie = kept;
    assert.equal((await betty.api('GET', '/api/v1/me')).status, 401);
  });
  test('is not to be had by the form of another site', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, {}]) {
      const answer = await visitor().call({
        method: 'POST',
        path: '/login',
        body: new URLSearchParams({ name: 'betty1210', password: PASSWORD }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      });
      assert.deepEqual([answer.status, answer.headers['set-cookie']], [403, undefined]);
    }
    assert.deepEqual((await logins()).locks, []);
  });
});

describe('a stranger who is not let in', () => {
  test('is told one and the same text: wrong password, locked account, no account', async () => {
    const texts = new Set<string>();
    const note = (answer: Answer, name: string): void => {
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['set-cookie'], undefined);
      const same = answer.text.replaceAll(name, 'NAME').replace(/nonce="[^"]+"/g, '');
      texts.add(same);
    };
    note(await visitor('192.0.2.1').signIn('betty1210', 'a wrong password'), 'betty1210');
    note(await visitor('192.0.2.2').signIn('betty1211', 'a wrong password'), 'betty1211');
    const locked = visitor('192.0.2.3');
    await fail(locked, 'betty1210', 3);
    note(await locked.signIn('betty1210'), 'betty1210');
    assert.equal(texts.size, 1);
    const text = [...texts][0]!;
    assert.match(text, /Check the spelling of the name/);
    assert.match(text, /names which do not exist are never locked/);
    assert.ok(!text.includes('there is no account') && !text.includes('nearest'));
  });
  test('cannot tell by the time it takes', async () => {
    const times: Record<string, number[]> = { known: [], unknown: [] };
    for (let turn = 0; turn < 12; turn += 1) {
      for (const [kind, name] of [
        ['known', 'betty1210'],
        ['unknown', 'betty1211'],
      ] as const) {
        const who = visitor(`198.51.100.${String(turn)}`);
        const beganMs = performance.now();
        await who.signIn(name, 'a wrong password');
        times[kind]!.push(performance.now() - beganMs);
      }
    }
    const lowerQuarter = (kind: string): number => times[kind]!.sort((a, b) => a - b)[3]!;
    const ratio = lowerQuarter('known') / lowerQuarter('unknown');
    // One hash takes 60 ms or more; without it for unknown names this is 10 or above.
    assert.ok(ratio > 0.6 && ratio < 1.7, `known to unknown: ${ratio.toFixed(2)}`);
    assert.ok(lowerQuarter('unknown') > 20, 'the work is done for a name that is none');
  });
  test('finds the right password no use while the account is locked from there, but from elsewhere', async () => {
    const attacker = visitor('192.0.2.1');
    await fail(attacker, 'betty1210', 3);
    assert.equal((await attacker.signIn('betty1210')).status, 401);
    assert.equal((await visitor('192.0.2.2').signIn('betty1210')).status, 303);
  });
  test('who tries many at once gets no more tries than one after the other', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, turn) =>
        visitor('192.0.2.1').signIn('betty1210', turn === 5 ? PASSWORD : 'a wrong password'),
      ),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [401]);
    assert.equal((await logins()).locks[0]?.tries, 3);
  });
});

describe('whom it may be explained to', () => {
  const local = async (page: object, login?: object): Promise<FakeSupervisor> => {
    await fake.end();
    const settings = { login: { ...LOGIN, explainTo: ['loopback'], ...login } };
    fake = await startFakeSupervisor(undefined, { page, ...settings });
    await addUser(fake, 'betty1210');
    return fake;
  };
  test('is who is on this machine: no such name, the nearest, tries left, the lock with its end', async () => {
    await local({});
    const here = new Visitor(fake);
    assert.equal(
      alertsOf(await here.signIn('betty1211')),
      'There is no account of that name: betty1211. The nearest is betty1210. Names which do not exist are never locked.',
    );
    assert.match(
      alertsOf(await here.signIn('betty1210', 'a wrong password')),
      /password is wrong\. 2 more wrong ones lock/,
    );
    const last = await fail(here, 'betty1210', 2);
    assert.match(alertsOf(last), /is locked from your address until 20\d\d-.*garrison user unlock betty1210/);
  });
  test('is not who only says so, nor who comes through a proxy on this machine', async () => {
    await local({});
    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      const proxied = new Visitor(fake, { headers: { [header]: '127.0.0.1' } });
      assert.match(
        alertsOf(await proxied.signIn('betty1211')),
        /names which do not exist are never locked, and/,
      );
    }
    await local(STRANGER);
    const silent = new Visitor(fake);
    assert.match(
      alertsOf(await silent.signIn('betty1211')),
      /names which do not exist are never locked, and/,
    );
  });
  test('is a network of the configuration, by the address that the trusted proxy saw', async () => {
    await local(STRANGER, { explainTo: ['10.0.0.0/8', '2001:db8::/32'] });
    for (const [forwarded, isExplained] of [
      ['10.0.0.5', true],
      ['2001:db8::5', true],
      ['192.0.2.1, 10.0.0.5', true],
      ['10.0.0.5, 192.0.2.1', false],
      ['10.0.0.5, 192.0.2.1, 127.0.0.1', false],
      ['192.0.2.1', false],
      ['10.0.0.5, rubbish', false],
      ['', false],
    ] as const) {
      const text = alertsOf(await new Visitor(fake, { headers: from(forwarded) }).signIn('betty1211'));
      assert.equal(text.startsWith('There is no account of that name'), isExplained, forwarded);
    }
  });
  test('is told in Chinese, too, and a name is only text', async () => {
    await local({});
    const here = new Visitor(fake, { headers: { 'accept-language': 'zh-CN' } });
    assert.match(
      alertsOf(await here.signIn('betty1211')),
      /没有这个用户名的账号：betty1211。 最接近的账号是 betty1210。/,
    );
    const hostile = await here.signIn('<script>alert(1)</script>"\r\nSet-Cookie: a=b\u202e');
    assert.ok(!hostile.text.includes('<script>') && !hostile.text.includes('\u202e'));
    assert.equal(hostile.headers['set-cookie'], undefined);
    const endless = await here.signIn('n'.repeat(10_000));
    assert.ok(endless.status === 401 && endless.text.length < 6_000, String(endless.text.length));
  });
});

describe('the administrator', () => {
  test('sees which names were tried that are none, how often, from where, and which was near', async () => {
    const typo = visitor('10.0.0.5');
    await fail(typo, 'Betty1211 ', 4);
    await visitor('10.0.0.6').signIn('zzz');
    await visitor('10.0.0.6').signIn('my secret pass phrase');
    const view = await until('they are remembered', async () => {
      const now = await logins();
      return now.unknownNames.length === 2 && now.impossibleNames === 1 ? now : false;
    });
    const [zzz, betty] = view.unknownNames;
    assert.deepEqual([zzz?.name, zzz?.nearest], ['zzz', null]);
    const { firstAt, lastAt, ...rest } = betty!;
    assert.deepEqual(rest, { name: 'betty1211', tries: 4, addresses: ['10.0.0.5'], nearest: 'betty1210' });
    assert.ok(firstAt <= lastAt && firstAt.endsWith('Z'));
    assert.deepEqual(view.locks, [], 'a name that is none is never locked');
    assert.ok(!JSON.stringify(view).includes('secret'));
    assert.ok(!JSON.stringify(fake.door.journal).includes('betty1211'), 'what was typed is not on the disk');
  });
  test('sees a lock with its end, finds it once in the journal, and ends it from one address or from all', async () => {
    const [first, second] = [visitor('10.0.0.5'), visitor('2001:db8:0:1::9')];
    await fail(first, 'betty1210', 5);
    await fail(second, 'betty1210', 3);
    const { locks } = await logins();
    assert.deepEqual(
      locks.map(({ account, source, tries }) => [account, source, tries]),
      [
        ['betty1210', '10.0.0.5', 3],
        ['betty1210', '2001:db8:0:1::/64', 3],
      ],
    );
    const told = (): unknown[] => fake.door.journal.filter(({ event }) => event === 'loginLocked');
    await until('both are told', () => told().length === 2);
    const unlock = async (body: object): Promise<number> => {
      const answer = await callSocket(fake, {
        method: 'POST',
        path: '/api/v1/users/betty1210/unlock',
        ...json(body),
      });
      return (JSON.parse(answer.text) as { item: { ended: number } }).item.ended;
    };
    assert.equal(await unlock({ from: '2001:db8:0:1::/64' }), 1);
    assert.equal((await visitor('2001:db8:0:1::7').signIn('betty1210')).status, 303);
    assert.equal(await unlock({}), 1);
    assert.equal(await unlock({}), 0);
    assert.deepEqual((await logins()).locks, []);
  });
  test('who renames an account renames no lock with it, nor leaves one for the next of that name', async () => {
    await fail(visitor('10.0.0.5'), 'betty1210', 3);
    await callSocket(fake, {
      method: 'POST',
      path: '/api/v1/users/betty1210/rename',
      ...json({ to: 'betty' }),
    });
    assert.deepEqual((await logins()).locks, []);
    assert.equal((await visitor('10.0.0.5').signIn('betty')).status, 303);
    await addUser(fake, 'betty1210');
    assert.equal((await visitor('10.0.0.5').signIn('betty1210')).status, 303);
  });
});

describe('a flood', () => {
  test('from one address is turned away with when to come back, and others still get in', async () => {
    const flooder = visitor('192.0.2.1');
    const statuses: number[] = [];
    let last: Answer | null = null;
    for (let turn = 0; turn < 14; turn += 1) {
      last = await flooder.signIn(`name-${String(turn)}`, 'a wrong password');
      statuses.push(last.status);
    }
    assert.ok(statuses.slice(0, 10).every((status) => status === 401));
    assert.equal(last?.status, 429);
    assert.match(String(last.headers['retry-after']), /^[123]$/);
    assert.match(alertsOf(last), /Too many tries from your address just now/);
    assert.equal((await visitor('192.0.2.2').signIn('betty1210')).status, 303);
  });
  test('from everywhere takes no memory, and the event loop goes on beating', async () => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    const before = process.memoryUsage().rss;
    delay.enable();
    const statuses = await Promise.all(
      Array.from({ length: 400 }, (_, turn) =>
        visitor(`10.${String(turn >> 8)}.${String(turn & 255)}.1`)
          .signIn(turn % 2 === 0 ? 'betty1210' : `nobody${String(turn)}`, 'a wrong password')
          .then(({ status }) => status),
      ),
    );
    delay.disable();
    assert.ok(statuses.filter((status) => status === 401).length <= 40);
    assert.ok(statuses.every((status) => status === 401 || status === 429));
    const grownMiB = (process.memoryUsage().rss - before) / 2 ** 20;
    assert.ok(grownMiB < 150, `grew by ${grownMiB.toFixed(0)} MiB`);
    const worstMs = delay.percentile(99) / 1e6;
    assert.ok(worstMs < 500, `the loop was late by ${worstMs.toFixed(0)} ms`);
    assert.equal((await callSocket(fake, { path: '/livez' })).status, 200);
    const { unknownNames } = await logins();
    assert.ok(unknownNames.length <= 256);
  });
  test('of bytes is refused', async () => {
    const answer = await visitor().form('/login', { name: 'betty1210', password: 'x'.repeat(20_000) });
    assert.equal(answer.status, 413);
    const long = await visitor().signIn('betty1210', 'x'.repeat(12_000));
    assert.equal(long.status, 401);
  });
});
