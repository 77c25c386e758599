/**
 * `import jumpserver` as people run it, against a local server that answers as v2, v3 and v4 do (shapes taken from the project's source, not recorded from a live server):
 * what is written, that a second time changes nothing, and each way in which it can fail.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { loadConfig } from '../../src/config.ts';
import { readGrants } from '../../src/grantsFile.ts';
import {
  fakeJumpserver,
  sendJson,
  TOKEN,
  type FakeJumpserver,
  type Serving,
} from '../support/fakeJumpserver.ts';
import { ids, listsOfV2, listsOfV3 } from '../support/jumpserverDocuments.ts';
import { runCli, type CliEnd } from '../support/runCli.ts';
import { tempHome } from '../support/tempHome.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA15+p/V3P692RQWmqdjBxtEkFENTndOg/CxGic/8Q3p';

function homeOf(context: TestContext, token = TOKEN): string {
  const home = tempHome(context);
  mkdirSync(join(home, 'keys'));
  for (const name of ['deploy', 'audit'])
    writeFileSync(join(home, 'keys', `${name}.pub`), `${KEY} ${name}\n`);
  writeFileSync(join(home, 'token'), `${token}\n`, { mode: 0o600 });
  return home;
}

/** No token is ever told, whatever happens. */
async function importFrom(home: string, url: string, ...more: readonly string[]): Promise<CliEnd> {
  const usual = ['--token-file', join(home, 'token'), '--keys', join(home, 'keys'), '--home', home];
  const ended = await runCli(['import', 'jumpserver', '--url', url, ...usual, ...more]);
  assert.ok(!`${ended.stdout}${ended.stderr}`.includes(TOKEN), 'the token is not told');
  return ended;
}

function filesOf(home: string): Record<string, string> {
  const files = ['inventory.yaml', 'grants.yaml'].filter((file) => existsSync(join(home, file)));
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(home, file), 'utf8')]));
}

const LATE: Serving = { lists: listsOfV3({ isLate: true }), isLate: true };

describe('an import', { concurrency: 2 }, () => {
  const versions: readonly (readonly [string, Serving])[] = [
    ['v2', { lists: listsOfV2() }],
    ['v3', { lists: listsOfV3() }],
    ['v4', LATE],
  ];
  for (const [version, serving] of versions)
    it(`of ${version} says what it would do, does it, and then finds nothing to do`, async (context) => {
      const home = homeOf(context);
      const fake = await fakeJumpserver(context, serving);
      const dry = await importFrom(home, fake.url, '--dry-run');
      assert.equal(dry.exitCode, 0, dry.stderr);
      assert.match(dry.stderr, new RegExp(`is a JumpServer ${version}`));
      assert.match(
        dry.stdout,
        /# would be added to \S+inventory\.yaml\nhosts:\n {2}web-1: \{ address: 192\.0\.2\.11/,
      );
      assert.match(dry.stdout, /host +left out +desk +it is a Windows/);
      assert.match(dry.stderr, /hosts: 3 added, 1 note, 3 left out.*\nnothing was written/);
      assert.deepEqual(filesOf(home), {});
      const done = await importFrom(home, fake.url);
      assert.equal(done.exitCode, 0, done.stderr);
      assert.match(
        done.stderr,
        /no host key and no secret was imported.*\n.*reload.*\n.*accept .* trust web-1\n.*web-1, web-2, db-1/,
      );
      const { hosts } = loadConfig({ home });
      assert.deepEqual(
        hosts.map(({ name, hostKeys }) => [name, hostKeys]),
        ['web-1', 'web-2', 'db-1'].map((name) => [name, []]),
      );
      const { accounts, grants } = readGrants(home, hosts);
      assert.deepEqual(accounts['deploy'], { keys: [`${KEY} deploy`], shell: '/bin/bash' });
      assert.equal(grants.length, version === 'v2' ? 1 : 2);
      const before = filesOf(home);
      const again = await importFrom(home, fake.url, '-o', 'json');
      assert.equal(again.exitCode, 0, again.stderr);
      const document = JSON.parse(again.stdout) as Record<string, unknown>;
      assert.deepEqual(
        [document['kind'], document['version'], document['added'], document['trust']],
        ['JumpserverImport', version, { 'inventory.yaml': '', 'grants.yaml': '' }, []],
      );
      assert.deepEqual(filesOf(home), before);
      assert.deepEqual(
        fake.asked.filter(({ method, path }) => method !== 'GET' || /secret|auth/.test(path)),
        [],
      );
    });

  it('adds to files as people write them, and takes nothing out', async (context) => {
    const home = homeOf(context);
    const elsewhere = tempHome(context);
    const inventory =
      '# ours\nhosts:\n  web-1: { address: 198.51.100.7 } # not theirs\n  own: {address: 192.0.2.12, port: 2222}\n';
    const grants = `accounts:\n  deploy: { keys: ["${KEY} mine"] } # by mia\ngrants: []\n`;
    writeFileSync(join(elsewhere, 'inventory.yaml'), inventory);
    symlinkSync(join(elsewhere, 'inventory.yaml'), join(home, 'inventory.yaml'));
    writeFileSync(join(home, 'grants.yaml'), grants);
    const fake = await fakeJumpserver(context, { lists: listsOfV3() });
    const done = await importFrom(home, fake.url, '-o', 'wide');
    assert.equal(done.exitCode, 0, done.stderr);
    assert.match(done.stdout, /host +differs +web-1 +JumpServer has 192\.0\.2\.11:22 under this name/);
    assert.match(done.stdout, /host +kept +web-2 +it is there as own/);
    assert.match(done.stdout, /account +kept +deploy/);
    const after = filesOf(home);
    assert.ok(after['inventory.yaml']?.startsWith(inventory), after['inventory.yaml']);
    assert.ok(after['grants.yaml']?.includes('# by mia'), after['grants.yaml']);
    assert.equal(readFileSync(join(elsewhere, 'inventory.yaml'), 'utf8'), after['inventory.yaml']);
    const read = readGrants(home, loadConfig({ home }).hosts);
    assert.deepEqual(read.accounts['deploy']?.keys, [`${KEY} mine`]);
    // Neither the other web-1 nor db-1, where the account is switched off.
    assert.deepEqual(read.grants[0]?.hosts, ['own']);
  });

  it('reads every page, by its own count and never at the address that the server names', async (context) => {
    const many = Array.from({ length: 450 }, (_, index) => ({
      ...(listsOfV3()['assets/hosts']?.[0] as object),
      ...{ id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`, name: `h-${String(index)}` },
      address: `10.1.${String(Math.floor(index / 200))}.${String(index % 200)}`,
    }));
    const home = homeOf(context);
    const fake = await fakeJumpserver(context, { lists: { ...listsOfV3(), 'assets/hosts': many } });
    const done = await importFrom(home, fake.url, '-o', 'name', '--org', ids.root);
    assert.equal(done.exitCode, 0, done.stderr);
    assert.equal(loadConfig({ home }).hosts.length, 450);
    const pages = fake.asked
      .filter(({ path }) => path.endsWith('/hosts/'))
      .map(({ query }) => query.get('offset'));
    assert.deepEqual(pages, ['0', '0', '200', '400']);
    for (const { headers } of fake.asked) {
      assert.equal(headers['x-jms-org'], ids.root);
      assert.ok(!String(headers.host).includes('jump.internal'));
    }
  });

  it('takes a token of the sign-in API, and checks a certificate by the CA that is named', async (context) => {
    const home = homeOf(context, `Bearer ${TOKEN}`);
    const tls = certificateFor(home);
    const fake = await fakeJumpserver(context, { lists: listsOfV2(), tls, authorization: `Bearer ${TOKEN}` });
    const refused = await importFrom(home, fake.url);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /its certificate is signed by itself.*\n {2}next: .*--ca FILE/);
    assert.deepEqual(fake.asked, []);
    const done = await importFrom(home, fake.url, '--ca', join(home, 'tls.pem'));
    assert.equal(done.exitCode, 0, done.stderr);
    const other = await importFrom(
      home,
      fake.url.replace('127.0.0.1', 'localhost'),
      '--ca',
      join(home, 'tls.pem'),
    );
    assert.match(other.stderr, /its certificate is for another name/);
  });

  it('leaves hostile names as the plain text they are', async (context) => {
    const home = homeOf(context);
    const evil = 'x\u001b[31m"\'\n  pwned: { address: 203.0.113.66 }\u202e';
    const lists = listsOfV3();
    const rename = (list: readonly unknown[] = []): readonly unknown[] =>
      list.map((item) => ({ ...(item as object), name: evil }));
    const fake = await fakeJumpserver(context, {
      lists: {
        ...lists,
        'assets/hosts': [...(lists['assets/hosts'] ?? []), ...rename(lists['assets/hosts']?.slice(0, 1))].map(
          (host, index) => ({ ...(host as object), id: `i${String(index)}` }),
        ),
        'accounts/push-account-automations': rename(lists['accounts/push-account-automations']).map(
          (item) => ({
            ...(item as object),
            assets: ['i0'],
          }),
        ),
      },
    });
    const done = await importFrom(home, fake.url);
    assert.equal(done.exitCode, 0, done.stderr);
    assert.doesNotMatch(`${done.stdout}${done.stderr}`, /[\u001b\u202e]/);
    const { hosts } = loadConfig({ home });
    assert.deepEqual(hosts.map(({ name }) => name).sort(), ['db-1', 'web-1', 'web-2']);
    assert.equal(readGrants(home, hosts).grants.length, 1);
    assert.doesNotMatch(filesOf(home)['grants.yaml'] ?? '', /[\u001b\u202e]|^ {2}pwned/m);
  });

  it('names hosts by their addresses where that is asked for', async (context) => {
    const home = homeOf(context);
    const fake = await fakeJumpserver(context, { lists: listsOfV2() });
    await importFrom(home, fake.url, '--name-by', 'address');
    assert.deepEqual(
      loadConfig({ home }).hosts.map(({ name }) => name),
      ['192.0.2.11', '192.0.2.12', 'db-1.example.org', '192.0.2.16'],
    );
  });

  it('says that a timetable would push by what it adds', async (context) => {
    const home = homeOf(context);
    writeFileSync(join(home, 'garrison.yaml'), 'grants: { sync: every 6h }\n');
    const fake = await fakeJumpserver(context, { lists: listsOfV2() });
    assert.match(
      (await importFrom(home, fake.url)).stderr,
      /grants\.sync is every 6h: .* pushes by these grants/,
    );
  });
});

/** For 127.0.0.1 alone. */
function certificateFor(folder: string): { key: string; cert: string } {
  const [keyFile, file] = [join(folder, 'tls.key'), join(folder, 'tls.pem')];
  const subject = ['-subj', '/CN=jump', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', [...how, '-keyout', keyFile, '-out', file, ...subject], { stdio: 'ignore' });
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(file, 'utf8') };
}

describe('an import that fails writes nothing and says why and what to do, for', { concurrency: 2 }, () => {
  const fails = async (
    context: TestContext,
    { exitCode, stderr }: CliEnd,
    expected: { readonly home: string; readonly exit: number; readonly why: RegExp },
  ): Promise<void> => {
    assert.equal(exitCode, expected.exit, stderr);
    assert.match(stderr, /^garrison: [^\n]+\n {2}next: [^\n]+\n$/m, context.name);
    assert.match(stderr, expected.why);
    assert.deepEqual(filesOf(expected.home), {});
    return Promise.resolve();
  };

  const statuses: readonly (readonly [number, number, RegExp])[] = [
    [401, 4, /does not take the token \(401 at .*\n {2}next: write one that is still good/],
    [403, 4, /does not let the token's user look there \(403 at .*\n {2}next: give that user a role/],
    [404, 1, /has neither .*\n {2}next: see that --url names a JumpServer/],
    [418, 1, /refuses \(418/],
    [429, 1, /asked too often \(429/],
    [500, 1, /is not well \(500 .*\n {2}next: see what is wrong on its host/],
    [502, 1, /is not well \(502/],
  ];
  for (const [status, exit, why] of statuses)
    it(`HTTP ${String(status)}`, async (context) => {
      const home = homeOf(context);
      const fake = await fakeJumpserver(context, {
        lists: listsOfV2(),
        instead: (_, outgoing) => {
          sendJson(outgoing, status, { detail: TOKEN });
          return true;
        },
      });
      await fails(context, await importFrom(home, fake.url), { home, exit, why });
    });

  it('one list that may not be seen, named by its path', async (context) => {
    const home = homeOf(context);
    const fake = await fakeJumpserver(context, {
      lists: listsOfV3(),
      instead: ({ path }, outgoing) => {
        if (!path.includes('/accounts/accounts/')) return false;
        sendJson(outgoing, 403, {});
        return true;
      },
    });
    const why = /403 at \/api\/v1\/accounts\/accounts\//;
    await fails(context, await importFrom(home, fake.url), { home, exit: 4, why });
  });

  it('a redirect, which is not followed', async (context) => {
    const home = homeOf(context);
    const other = await fakeJumpserver(context, { lists: listsOfV2() });
    const fake = await fakeJumpserver(context, {
      lists: {},
      instead: (_, outgoing) => {
        outgoing.writeHead(302, { location: `${other.url}/api/` }).end();
        return true;
      },
    });
    const why = new RegExp(`sends on to ${other.url} .*not taken along\n {2}next: .*--url ${other.url}`);
    await fails(context, await importFrom(home, fake.url), { home, exit: 1, why });
    assert.deepEqual(other.asked, []);
  });

  const bodies: readonly (readonly [string, string])[] = [
    ['a page', '<html>login</html>'],
    ['half a document', '{"count": 1, "results": ['],
    ['another document', '{"hello": "there"}'],
    ['a number', '7'],
    ['pages without end', '{"count": 9, "next": "http://x/", "results": [{"id": "a"}]}'],
    ['empty pages without end', '{"count": 9, "next": "http://x/", "results": []}'],
  ];
  for (const [what, body] of bodies)
    it(`${what} for a list`, async (context) => {
      const home = homeOf(context);
      const fake = await fakeJumpserver(context, {
        lists: listsOfV2(),
        instead: (_, outgoing) => {
          outgoing.end(body);
          return true;
        },
      });
      const why = /answers at \/api\/\S+, but not as a JumpServer does/;
      await fails(context, await importFrom(home, fake.url), { home, exit: 1, why });
    });

  it('an answer without end', async (context) => {
    const home = homeOf(context);
    const part = Buffer.alloc(2 ** 20, ' ');
    const fake = await fakeJumpserver(context, {
      lists: {},
      instead: (_, outgoing) => {
        const more = (): void => {
          while (!outgoing.destroyed && outgoing.write(part));
        };
        outgoing.on('drain', more);
        more();
        return true;
      },
    });
    await fails(context, await importFrom(home, fake.url), { home, exit: 1, why: /sends more than 16 MiB/ });
  });

  const listeners: readonly (readonly [string, (socket: Socket) => void, RegExp])[] = [
    ['what is no HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'), /cannot be read: /],
    ['one that hangs up', (socket) => socket.destroy(), /cannot be read: it hung up \(ECONNRESET\)/],
  ];
  for (const [what, hear, why] of listeners)
    it(what, async (context) => {
      const home = homeOf(context);
      const server = createServer((socket) => {
        socket.on('error', () => undefined).resume();
        hear(socket);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      context.after(() => new Promise((resolve) => server.close(resolve)));
      const { port } = server.address() as { port: number };
      await fails(context, await importFrom(home, `http://127.0.0.1:${String(port)}`), {
        home,
        exit: 1,
        why,
      });
    });

  it('a port on which nobody listens, and http where https is asked for', async (context) => {
    const home = homeOf(context);
    const nobody = await importFrom(home, 'http://127.0.0.1:9');
    await fails(context, nobody, { home, exit: 1, why: /nobody listens there \(ECONNREFUSED\)/ });
    const fake = await fakeJumpserver(context, { lists: listsOfV2() });
    const plain = await importFrom(home, fake.url.replace('http:', 'https:'));
    await fails(context, plain, { home, exit: 1, why: /does not speak https on that port/ });
  });

  const usages: readonly (readonly [string, RegExp])[] = [
    ['nonsense', /--url is no address/],
    ['ftp://jump.example.org', /--url is no https address/],
    ['http://jump.example.org', /token would go over the network in clear/],
    ['https://admin:pw@jump.example.org', /--url holds a name or a password/],
    ['https://jump.example.org/?token=x', /--url holds more than an address/],
  ];
  for (const [url, why] of usages)
    it(`the address ${url}`, async (context) => {
      const home = homeOf(context);
      await fails(context, await importFrom(home, url), { home, exit: 64, why });
    });

  const tokens: readonly (readonly [string, string, number, RegExp])[] = [
    ['that others can read', TOKEN, 0o644, /can be read by other users\n {2}next: chmod 600/],
    ['that is empty', '', 0o600, /is empty/],
    ['with a line of its own', `Basic ${TOKEN}`, 0o600, /holds no token/],
    ['that would be a header', `${TOKEN}: x`, 0o600, /holds no token/],
  ];
  for (const [what, text, mode, why] of tokens)
    it(`a token ${what}`, async (context) => {
      const home = homeOf(context);
      const file = join(home, `token-${String(mode)}`);
      writeFileSync(file, text, { mode });
      const ended = await runCli([
        ...['import', 'jumpserver', '--url', 'http://127.0.0.1:9', '--token-file', file, '--home', home],
      ]);
      assert.ok(!ended.stderr.includes(TOKEN));
      await fails(context, ended, { home, exit: 64, why });
    });

  it('a file of ours that is wrong, before anything is asked', async (context) => {
    const home = homeOf(context);
    writeFileSync(join(home, 'inventory.yaml'), 'hosts: { a: { adress: x } }\n');
    const fake = await fakeJumpserver(context, { lists: listsOfV2() });
    const ended = await importFrom(home, fake.url);
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stderr, /inventory\.yaml:1: /);
    assert.deepEqual(fake.asked, []);
  });

  it('a file that somebody changes meanwhile', async (context) => {
    const home = homeOf(context);
    const fake: FakeJumpserver = await fakeJumpserver(context, {
      lists: listsOfV2(),
      instead: () => {
        writeFileSync(join(home, 'inventory.yaml'), 'hosts: { mine: { address: 192.0.2.1 } }\n');
        return false;
      },
    });
    const ended = await importFrom(home, fake.url);
    assert.equal(ended.exitCode, 1);
    assert.match(
      ended.stderr,
      /inventory\.yaml was changed meanwhile; nothing was written\n {2}next: run the same/,
    );
    assert.deepEqual(Object.keys(filesOf(home)), ['inventory.yaml']);
    assert.ok(readdirSync(home).every((file) => !file.endsWith('.tmp')));
  });
});
