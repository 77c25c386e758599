/**
 * Hostile words through every door (command line, API, grants.yaml, inventory.yaml) and from a host's own files:
 * refused with what and why, or arriving as these very characters; never run, here or on the host, and never raw on a terminal or in an answer.
 */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkGrants, readInventory } from '../../src/inventory.ts';
import { runCommand, type Garrison } from '../support/garrison.ts';
import type { Said } from '../support/onHost.ts';
import { startOn, startOwnHosts, type OwnHost } from '../support/ownHosts.ts';
import { openParts, withParts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { inside } from '../worker/hostLab.ts';

/** The same path here and on the host, so that it does not matter who runs it. */
const CANARY = `/tmp/garrison-canary-${String(process.pid)}`;
const RUN = `touch ${CANARY}`;
const HOSTILE: readonly (readonly [what: string, text: string])[] = [
  ['a command in $( )', `$(${RUN})`],
  ['backticks', `\`${RUN}\``],
  ['a quote and a command', `x'; ${RUN}; '`],
  ['double quotes', `x"; ${RUN}; "`],
  ['a line of its own', `x\n${RUN}\n`],
  ['the end of the data', `x\nGARRISON_DATA\n${RUN}\n`],
  ['a return', `x\r${RUN}`],
  ['a terminal sequence', 'x\u001b]0;owned\u0007\u001b[2J'],
  ['a C1 sequence', 'x\u009b2Jy'],
  ['letters that turn round', 'x\u202etxt.exe'],
  ['other letters', 'жук中𝒳'],
  ['a zero', 'x\0y'],
  ['10,000 characters', 'a'.repeat(10_000)],
  ['an option', '--help'],
  ['an ssh option', `-oProxyCommand=${RUN}`],
];
/** Printable ASCII that a passwd comment or a key comment may well hold. */
const LITERAL = `$(${RUN}) \`${RUN}\` '${RUN}' "\${x}" ; | & > < * ? ~ # ! % \\n`;

describe('hostile words', () => {
  const { parts, end } = openParts();
  let garrison: Garrison;
  let host: OwnHost;
  before(async () => {
    const own = await startOwnHosts(parts, 1);
    host = own.hosts[0]!;
    garrison = await startOn(own, parts);
  });
  after(async () => {
    noCanary();
    await end();
  });

  const noCanary = (): void => {
    assert.equal(existsSync(CANARY), false, 'nothing was run here');
    assert.equal(existsSync(`${host.filesAt}${CANARY}`), false, 'nothing was run on the host');
  };
  const key = (): string => garrison.keys.publicKey;

  for (const field of [
    'name',
    'keys',
    'groups',
    'shell',
    'sudo',
    'comment',
    'hosts',
    'reason',
    'privileged',
  ] as const) {
    it(`as ${field} over the API are refused with what and why, or kept as text`, async () => {
      for (const [what, text] of HOSTILE) {
        const list = field === 'keys' || field === 'groups';
        const account = {
          name: 'words',
          keys: [key()],
          ...(['hosts', 'reason'].includes(field) ? {} : { [field]: list ? [text] : text }),
        };
        const body = {
          kind: 'push',
          account,
          hosts: field === 'hosts' ? [text] : ['web-1'],
          dryRun: true,
          ...(field === 'reason' ? { reason: text } : {}),
        };
        const answer = await garrison.api('POST', '/api/v1/pushes', body).then(
          () => 'taken',
          (error: unknown) => String(error),
        );
        assertPlain(answer, `${field}: ${what}`);
        if (answer !== 'taken')
          assert.match(answer, /: (400|404|409|413|422) .*"detail":"./, `${field}: ${what}`);
        assert.ok(answer.length < 2_000, `${field}: ${what}: ${answer.slice(0, 300)}`);
      }
      noCanary();
    });
  }

  it('as arguments are refused with what and why, and never said back raw', async () => {
    for (const [what, text] of HOSTILE.filter(([what]) => /terminal|10,000/.test(what))) {
      for (const args of [
        [`--comment=${text}`, '--to', 'web-1'],
        [`--shell=${text}`, '--to', 'web-1'],
        ['--to', text],
      ]) {
        const said = await garrison.cli(
          'push',
          'words',
          '--key',
          `${garrison.keys.identityFile}.pub`,
          '--dry-run',
          ...args,
        );
        assertPlainSaid(said, `${args[0]?.slice(0, 9) ?? ''} ${what}`);
      }
    }
    noCanary();
  });

  it('that a comment may hold arrive on the host as they are', async () => {
    const comment = LITERAL.replaceAll(/[:,]/g, '').slice(0, 100).trim();
    const pushed = await garrison.push('literal', ['web-1'], {
      account: {
        name: 'literal',
        keys: [`${key().split(' ').slice(0, 2).join(' ')} ${LITERAL}`],
        comment,
        sudo: '/usr/bin/id -u,/bin/ls',
      },
    });
    const [job] = (await garrison.settled(pushed.id)).jobs;
    assert.equal(job?.result?.outcome, 'changed', job?.result?.detail);
    assert.ok(host.read('/etc/passwd').includes(`:${comment} garrison-`), host.read('/etc/passwd'));
    assert.ok(host.read('/home/literal/.ssh/authorized_keys').includes(` ${LITERAL}\n`));
    const again = await garrison.cli(
      'push',
      'literal',
      '--to',
      'web-1',
      '--key',
      `${garrison.keys.identityFile}.pub`,
      '--dry-run',
    );
    assertPlainSaid(again, 'its plan');
    noCanary();
  });

  it("in a host's own files are never run, and reach neither a terminal nor an answer raw", async () => {
    const evil = `$(${RUN}) \`${RUN}\` \u001b]0;owned\u0007\u001b[2J \u009b2J \u202e`;
    const put = (path: string, text: string): void => {
      writeFileSync(`${host.filesAt}${path}`, text);
    };
    inside(
      host,
      'useradd -m evil; useradd -m mine; mkdir -p /home/evil/.ssh /var/spool/cron/crontabs; mkdir -p -m 700 /var/lib/garrison/accounts',
    );
    const passwd = host
      .read('/etc/passwd')
      .replace(
        /^(evil:[^:]*:\d+:\d+:)[^:]*:([^:]*):.*$/m,
        (_line, head: string, home: string) => `${head}${evil.replaceAll(':', '')}:${home}:/bin/$(${RUN})`,
      );
    assert.ok(passwd.includes('owned'));
    put('/etc/passwd', passwd);
    put('/home/evil/.ssh/authorized_keys', `${evil}\n${evil}`);
    put('/etc/sudoers.d/evil', `evil ALL=(ALL) /bin/echo ${evil}\nevil: ${evil}\n`);
    put('/var/spool/cron/crontabs/evil', evil);
    put('/var/lib/garrison/accounts/mine', evil);
    put(
      '/var/lib/garrison/accounts/odd',
      ['v1', 'state', 'cluster', 'job', 'token', 'uid', 'key', 'group', 'wish']
        .map((field) => `${field} ${evil}\n`)
        .join('') + 'end\n',
    );
    inside(host, 'chown -R evil: /home/evil; chmod 440 /etc/sudoers.d/evil');
    for (const args of [
      ['push', 'evil', '--to', 'web-1', '--key', `${garrison.keys.identityFile}.pub`, '--dry-run'],
      ['push', 'evil', '--to', 'web-1', '--key', `${garrison.keys.identityFile}.pub`, '--dry-run', '--adopt'],
      ['push', 'evil', '--to', 'web-1', '--key', `${garrison.keys.identityFile}.pub`, '--keys-only'],
      [
        ...['push', 'evil', '--to', 'web-1', '--key', `${garrison.keys.identityFile}.pub`, '--dry-run'],
        ...['--yes-take-over', 'evil', '--privileged', 'evil'],
      ],
      [
        'push',
        'evil',
        '--to',
        'web-1',
        '--key',
        `${garrison.keys.identityFile}.pub`,
        '--sudo',
        'all',
        '--adopt',
      ],
      ['push', 'mine', '--to', 'web-1', '--key', `${garrison.keys.identityFile}.pub`],
      ['push', 'odd', '--to', 'web-1', '--key', `${garrison.keys.identityFile}.pub`],
      ['leftovers'],
      ['revoke', 'evil', '--from', 'web-1'],
      ['check', 'web-1'],
      ['jobs'],
    ])
      assertPlainSaid(await garrison.cli(...args), args.join(' '));
    const jobs = await garrison.text('/api/v1/jobs');
    assertPlain(jobs, 'the jobs');
    const ids = new Set([...jobs.matchAll(/"id":"(j-[^"]+)"/g)].map(([, id]) => id ?? ''));
    assert.ok(ids.size > 4, jobs.slice(0, 300));
    for (const id of ids) {
      assertPlain(await garrison.text(`/api/v1/jobs/${id}`), id);
      assertPlainSaid(await garrison.cli('logs', id), `the log of ${id}`);
    }
    inside(host, 'rm /etc/sudoers.d/evil');
    noCanary();
  });

  it(
    'in grants.yaml and inventory.yaml are refused with where and why, and never said back raw',
    withParts(async (own) => {
      const home = tempHome(own);
      for (const [what, text] of HOSTILE) {
        const quoted = JSON.stringify(text);
        const granted = (account: string, more: string): string =>
          `accounts: { ${account} }\ngrants:\n  - { accounts: [words], hosts: [web-1], ${more} }\n`;
        const good = `words: { keys: ["${key()}"] }`;
        const host = (more: string): string => `hosts: { web-1: { address: 127.0.0.1, ${more} } }`;
        for (const [file, yaml] of [
          ['grants.yaml', granted(`${quoted}: { keys: ["${key()}"] }`, 'sudo: none')],
          ['grants.yaml', granted(`words: { keys: [${quoted}] }`, 'sudo: none')],
          ['grants.yaml', granted(`words: { keys: ["${key()}"], shell: ${quoted} }`, 'sudo: none')],
          ['grants.yaml', granted(good, `sudo: [${quoted}]`)],
          ['grants.yaml', granted(good, `memberOf: [${quoted}]`)],
          ['grants.yaml', granted(good, `until: ${quoted}`)],
          ['grants.yaml', granted(good, `${quoted}: x`)],
          ['inventory.yaml', `hosts: { ${quoted}: { address: 127.0.0.1 } }`],
          ['inventory.yaml', `hosts: { web-1: { address: ${quoted} } }`],
          ['inventory.yaml', host(`user: ${quoted}`)],
          ['inventory.yaml', host(`jump: ${quoted}`)],
          ['inventory.yaml', host(`options: { ${quoted}: x }`)],
          ['inventory.yaml', host(`options: { BindAddress: ${quoted} }`)],
        ] as const) {
          writeFileSync(join(home, 'inventory.yaml'), 'hosts: { web-1: { address: 127.0.0.1 } }\n');
          writeFileSync(join(home, 'grants.yaml'), '');
          writeFileSync(join(home, file), yaml);
          const problems =
            file === 'grants.yaml' ? checkGrants(join(home, file)) : readInventory(join(home, file)).problems;
          if (problems.length === 0) continue;
          assert.ok(
            problems.every((problem) => (problem.line ?? 0) > 0),
            `${what} in ${yaml.slice(0, 120)}`,
          );
          // The command line takes a second each: only what a terminal would make something of.
          if (what !== 'a terminal sequence') continue;
          const said = await runCommand(['--home', home, 'config', 'check']);
          assertPlainSaid(said, `${what} in ${yaml.slice(0, 120)}`);
          assert.match(said.stderr, new RegExp(`${file}:\\d+: .`), what);
        }
      }
      noCanary();
    }),
  );
});

/** No control character but the line's end, and nothing that turns letters round. */
function assertPlain(text: string, what: string): void {
  const found = /[\p{Cc}\p{Cf}\u2028\u2029]/u.exec(text.replace(/[\n\t]/g, ' '));
  const around = text.slice(Math.max(0, (found?.index ?? 0) - 80), (found?.index ?? 0) + 20);
  assert.equal(found, null, `${what}: ${JSON.stringify(around)}`);
}

function assertPlainSaid({ stdout, stderr, exitCode }: Said, what: string): void {
  assertPlain(stdout, what);
  assertPlain(stderr, what);
  assert.notEqual(exitCode, 70, `${what}: ${stderr}`);
  assert.doesNotMatch(stderr, /\n {4}at .*:\d+:\d+/, `${what}: no stack trace`);
  assert.ok(stderr.length < 4_000, `${what}: ${String(stderr.length)} characters`);
}
