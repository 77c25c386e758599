/**
 * A Docker that is reached by TLS, over SSH, and through a proxy that forbids most of it; each one real.
 * The daemon is on this machine all the same, and only its address says that it could be elsewhere.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ContainerEvidence } from '../../src/driver/containerEvidence.ts';
import type { DockerTarget } from '../../src/driver/dockerTarget.ts';
import { knownKeys } from '../../src/driver/knownHosts.ts';
import { TestHands } from '../support/containerHands.ts';
import { TestDockerd } from '../support/dockerd.ts';
import { freePort, importImage, runContainer } from '../support/dockerImages.ts';
import { makeKeyPair } from '../support/onHost.ts';
import { startTestSshd } from '../support/sshd.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { makeTempHome, tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

describe('known_hosts', () => {
  it('names hosts in every way that OpenSSH has', namedHosts);
});

if (process.getuid?.() === 0) {
  describe('a Docker elsewhere', () => {
    it('is watched and told by TLS, with our certificate only', withParts(byTls));
    it('is watched and told over SSH, once its key is known', withParts(overSsh));
    it('behind a proxy that allows only a little of it says what is forbidden', withParts(throughProxy));
  });
}

/** Sees a container, restarts it, and examines it. */
async function restartThere(
  hands: TestHands,
  dockerd: TestDockerd,
): Promise<NonNullable<Awaited<ReturnType<TestHands['examine']>>['examination']>> {
  const { id } = await runContainer(dockerd.dockerode(), { name: 'far', networkMode: 'none' });
  await until('it is seen running', () => hands.seen.get(id)?.status === 'running', { deadlineMs: 15_000 });
  const before = await hands.life(id);
  assert.equal(before.process, 'unseen', 'its processes may be on any machine');
  const { examination, detail } = await hands.examine(id);
  assert.ok(examination !== null, detail);
  assert.equal((await hands.treat('restart', before)).outcome, 'answered');
  await until('it is seen in its next life', () => hands.seen.get(id)?.startedAt !== before.startedAt);
  return examination;
}

async function byTls(parts: Parts): Promise<void> {
  const folder = tempHome(parts);
  const port = await freePort();
  makeCertificates(folder);
  const dockerd = await TestDockerd.start(parts, {
    more: {
      tlsverify: 'true',
      tlscacert: join(folder, 'ca.pem'),
      tlscert: join(folder, 'server.pem'),
      tlskey: join(folder, 'server-key.pem'),
    },
    alsoAt: `tcp://127.0.0.1:${String(port)}`,
  });
  await importImage(dockerd.dockerode());
  const url = `tcp://127.0.0.1:${String(port)}`;
  const hands = new TestHands(parts, { kind: 'host', url, certPath: folder });
  const { gaps, sessions } = await restartThere(hands, dockerd);
  assert.deepEqual(gaps, [
    'Its connections, and logins through it, cannot be seen: Docker is on another machine.',
  ]);
  assert.equal(sessions.connections, null);
  const stranger = join(folder, 'stranger');
  mkdirSync(stranger);
  makeCertificates(stranger);
  writeFileSync(join(stranger, 'ca.pem'), readFileSync(join(folder, 'ca.pem')));
  const others: readonly DockerTarget[] = [
    { kind: 'host', url, certPath: stranger },
    { kind: 'host', url: url.replace('tcp', 'https'), certPath: null },
  ];
  for (const target of others) {
    const refused = new TestHands(parts, target);
    await until('it is told', () => refused.docker.length > 0);
    assert.equal(refused.docker[0]?.up, false);
    assert.match(refused.docker[0].detail, /^Docker did not answer at .*(certificate|alert|self-signed)/i);
  }
}

function makeCertificates(folder: string): void {
  const openssl = (...args: string[]): unknown =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca-key.pem',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=test',
    '-days',
    '2',
  );
  writeFileSync(join(folder, 'server.ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
  writeFileSync(join(folder, 'client.ext'), 'extendedKeyUsage=clientAuth\n');
  for (const [kind, cert, own] of [
    ['server', 'server.pem', 'server-key.pem'],
    ['client', 'cert.pem', 'key.pem'],
  ] as const) {
    openssl('req', ...key, '-keyout', own, '-out', `${kind}.csr`, '-subj', `/CN=${kind}`);
    openssl(
      ...['x509', '-req', '-in', `${kind}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial'],
      ...['-out', cert, '-days', '2', '-extfile', `${kind}.ext`],
    );
  }
}

async function overSsh(parts: Parts): Promise<void> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  const folder = tempHome(parts);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const docker = execFileSync('sh', ['-c', 'command -v docker'], { encoding: 'utf8' }).trim();
  writeFileSync(join(bin, 'docker'), `#!/bin/sh\nDOCKER_HOST=${dockerd.url} exec ${docker} "$@"\n`);
  chmodSync(join(bin, 'docker'), 0o755);
  const key = makeKeyPair(folder, 'login');
  const sshd = await startTestSshd(parts, { authorizedKey: key.publicKey, path: bin });
  const knownHosts = join(folder, 'known_hosts');
  const target = (identityFile = key.identityFile): DockerTarget => ({
    kind: 'ssh',
    url: `ssh://root@127.0.0.1:${String(sshd.port)}`,
    identityFile,
    knownHostsFiles: [join(folder, 'none'), knownHosts],
    aliases: [],
  });
  const hands = new TestHands(parts, target());
  await until('it is told', () => hands.docker.length > 0);
  assert.match(
    hands.docker[0]?.detail ?? '',
    /The key of the host 127\.0\.0\.1 port \d+ is not known\. Check it and put it into known_hosts .* with ssh-keyscan -p \d+ 127\.0\.0\.1\.$/,
  );
  assert.deepEqual(sshd.logins(), 0, 'nothing was told to a host that nobody knows');
  const name = `[127.0.0.1]:${String(sshd.port)}`;
  appendFileSync(knownHosts, `${name} ${makeKeyPair(folder, 'other').publicKey}\n`);
  await until('it is another one', () => /another key/.test(hands.docker.at(-1)?.detail ?? ''), {
    deadlineMs: 15_000,
  });
  writeFileSync(knownHosts, `${name} ${sshd.hostKey}\n`);
  await until('Docker is up', () => hands.docker.at(-1)?.up === true, { deadlineMs: 15_000 });
  await restartThere(hands, dockerd);
  const wrong = new TestHands(parts, target(makeKeyPair(folder, 'wrong').identityFile));
  await until('a wrong key is told', () => wrong.docker.length > 0);
  assert.match(wrong.docker[0]?.detail ?? '', /All configured authentication methods failed/);
  chmodSync(join(bin, 'docker'), 0o644);
  const broken = new TestHands(parts, target());
  await until('a host without Docker is told', () => broken.docker.length > 0);
  assert.match(broken.docker[0]?.detail ?? '', /needs the command docker system dial-stdio\.$/);
}

/** What tecnativa's proxy lets through with ALLOW_RESTARTS=1, and less: reading one container is an inspect and nothing more. */
const ALLOWED = [
  /^GET \/containers\/json/,
  /^GET \/containers\/[^/]+\/json/,
  /^GET \/events/,
  /^POST \/containers\/[^/]+\/restart/,
];

async function throughProxy(parts: Parts): Promise<void> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  const home = makeTempHome();
  const path = join(home.path, 'proxy');
  const proxy = createServer((request, response) => {
    const { method = '', url = '' } = request;
    if (!ALLOWED.some((allowed) => allowed.test(`${method} ${url}`))) {
      response
        .writeHead(403, { 'content-type': 'text/html' })
        .end('<html><body><h1>403 Forbidden</h1></body></html>');
      return;
    }
    const { headers } = request;
    const onward = ask({ socketPath: dockerd.socketPath, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      answer.on('close', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(path, resolve));
  parts.after(async () => {
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
    home.remove();
  });
  const hands = TestHands.onSocket(parts, path);
  const container = await runContainer(dockerd.dockerode(), { name: 'one', networkMode: 'none' });
  await until('it is seen running', () => hands.seen.get(container.id)?.status === 'running');
  const before = await hands.life(container.id);
  const exec = await container.exec({ Cmd: ['sleep', '600'], AttachStdin: true });
  const stream = await exec.start({ hijack: true, stdin: true });
  parts.after(() => void stream.destroy());
  await until('the exec runs', async () => (await exec.inspect()).Running);
  const told = await hands.examine(container.id);
  const { gaps, sessions, bundleFile } = told.examination ?? {};
  assert.deepEqual([sessions?.connections, sessions?.execs], [0, 1]);
  assert.equal(gaps?.length, 3, JSON.stringify(gaps));
  for (const what of [
    /^Which of its 1 exec sessions .* counted: .* forbids looking at an exec session .*EXEC=1/,
    /forbids reading the log of the container [0-9a-f]{64} \(answer 403.*\)\. Allow GET \/containers\/ID\/logs/,
    /forbids listing the processes of the container [0-9a-f]{64} .*\/top/,
  ])
    assert.ok(
      gaps.some((gap) => what.test(gap)),
      `${String(what)} in ${gaps.join('\n')}`,
    );
  assert.equal(typeof bundleFile, 'string');
  const { processes, logs, top } = JSON.parse(hands.evidence(told)) as ContainerEvidence;
  assert.deepEqual([(processes?.length ?? 0) > 1, logs, top], [true, null, null]);
  assert.equal((await hands.treat('restart', before)).outcome, 'answered');
  await until('its next life is seen, by an event', () => {
    const now = hands.seen.get(container.id);
    return now?.status === 'running' && now.startedAt !== before.startedAt;
  });
  const refused = await hands.treat('killAndStart', await hands.life(container.id));
  assert.equal(refused.outcome, 'failed');
  assert.match(
    refused.detail,
    /a proxy before its socket, forbids killing the container .*\. Allow POST \/containers\/ID\/kill \(ALLOW_RESTARTS=1 of docker-socket-proxy\) there$/,
  );
  const { liveRestore, gaps: more } = await hands.hands.examineDocker();
  assert.equal(liveRestore, null);
  assert.ok(
    more.some((gap) => /forbids the question for its settings .*INFO=1/.test(gap)),
    more.join('\n'),
  );
}

function namedHosts(t: { after(end: () => void): void }): void {
  const folder = tempHome(t);
  const file = join(folder, 'known_hosts');
  const salt = randomBytes(20);
  const hash = createHmac('sha1', salt).update('[db.example]:2222').digest('base64');
  writeFileSync(
    file,
    [
      '# db.example ssh-ed25519 COMMENT',
      'web,*.example,!bad.example ssh-ed25519 A comment',
      `|1|${salt.toString('base64')}|${hash} ssh-rsa B`,
      '@revoked db.example ssh-ed25519 C',
      '@cert-authority *.example ssh-ed25519 D',
      'nonsense',
      '[web]:22 ecdsa-sha2-nistp256 E',
    ].join('\n'),
  );
  const known = (...names: string[]): unknown => knownKeys([join(folder, 'none'), file], names);
  assert.deepEqual(known('web'), { accepted: ['ssh-ed25519 A'], revoked: [] });
  assert.deepEqual(known('db.example'), { accepted: ['ssh-ed25519 A'], revoked: ['ssh-ed25519 C'] });
  assert.deepEqual(known('bad.example'), { accepted: [], revoked: [] });
  assert.deepEqual(known('[db.example]:2222'), { accepted: ['ssh-rsa B'], revoked: [] });
  assert.deepEqual(known('elsewhere', 'web'), { accepted: ['ssh-ed25519 A'], revoked: [] });
}
