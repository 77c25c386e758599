/** What inventory.yaml may tell ssh about the way to a host, and what is said of what it may not. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readInventory } from '../src/inventory.ts';
import { tempHome } from './support/tempHome.ts';

function read(t: TestContext, text: string): ReturnType<typeof readInventory> {
  const file = join(tempHome(t), 'inventory.yaml');
  writeFileSync(file, text);
  return readInventory(file);
}

it('a host says over which other host and with which options ssh goes to it', (t) => {
  const { hosts, problems } = read(
    t,
    `hosts:
  gate: { address: h0, port: 23 }
  a: { address: h1, jump: ops@gate, options: { Ciphers: aes256-ctr } }
  b: { address: h1, sshConfig: true }
`,
  );
  assert.deepEqual(problems, []);
  const jump = { name: 'gate', address: 'h0', port: 23, user: 'ops' };
  assert.deepEqual(
    hosts.map(({ way }) => way),
    [undefined, { jump, options: { Ciphers: 'aes256-ctr' } }, { sshConfig: true }],
  );
});

it('one address behind two hosts is two machines', (t) => {
  const text =
    'hosts:\n  g: { address: h0 }\n  h: { address: h9 }\n  a: { address: h1, jump: g }\n  b: { address: h1, jump: h }\n';
  assert.deepEqual(read(t, text).problems, []);
});

const bad: readonly (readonly [name: string, host: string, key: string, what: RegExp])[] = [
  [
    'a jump over what is no host',
    'jump: ops@gone',
    'jump',
    /gone, which is no host of this file; add it, so that its key/,
  ],
  ['a jump over itself', 'jump: a', 'jump', /names the host itself/],
  ['a jump over a host that is itself behind one', 'jump: far', 'jump', /reached plainly/],
  ['a jump that is an option of ssh', 'jump: -oX', 'jump', /NAME, user@NAME or user@NAME:port/],
  ['a jump to no port', 'jump: gate:99999', 'jump', /NAME, user@NAME or user@NAME:port/],
  ['a jump beside sshConfig', 'jump: gate, sshConfig: true', 'jump', /keep one of the two/],
  [
    'an option that runs a command',
    'options: { ProxyCommand: id }',
    'options.ProxyCommand',
    /not among the options that may be set: Host/,
  ],
  [
    'an option that loosens a check',
    'options: { StrictHostKeyChecking: "no" }',
    'options.StrictHostKeyChecking',
    /not among/,
  ],
  ['an option in another spelling', 'options: { ciphers: aes256-ctr }', 'options.ciphers', /not among/],
  ['an inherited name', 'options: { constructor: x }', 'options.constructor', /not among/],
  [
    'a value for the shell',
    'options: { IdentityAgent: "/run/$(id)" }',
    'options.IdentityAgent',
    /absolute path/,
  ],
  ['a value with a blank', 'options: { Ciphers: "aes256-ctr -x" }', 'options.Ciphers', /list of algorithms/],
];
describe('one problem in the way to a host', () => {
  for (const [name, way, key, what] of bad) {
    it(name, (t) => {
      const { problems } = read(
        t,
        `hosts:\n  gate: { address: h0 }\n  far: { address: h2, jump: gate }\n  a: { address: h1, ${way} }\n`,
      );
      assert.deepEqual(
        problems.map((problem) => [problem.line, problem.key]),
        [[4, `hosts.a.${key}`]],
      );
      assert.match(problems[0]?.what ?? '', what);
    });
  }
});
