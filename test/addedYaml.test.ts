/** Entries that are added to files as people write them: what is there stays, to the line, and the file says the new ones besides. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseDocument } from 'yaml';
import { addedAlone, withAdded, type AddedEntries } from '../src/addedYaml.ts';

const HOST: AddedEntries = { named: [['new', { address: '192.0.2.9', groups: ['web'] }]], listed: [] };
const GRANT: AddedEntries = {
  named: [['eva', { keys: ['ssh-ed25519 AAAA eva: #1'] }]],
  listed: [{ accounts: ['eva'], hosts: ['new'], by: 'a "b": c' }],
};

const INVENTORIES: Readonly<Record<string, string>> = {
  'in block style':
    '# ours\nhosts:\n  web-1: { address: 192.0.2.1, groups: [web] } # the first\n\n  # the second\n  web-2:\n    address: 192.0.2.2\n    groups:\n    - web\n# the end\n',
  'without a last line end': 'hosts:\n  web-1: {address: 192.0.2.1}',
  'in four columns': 'hosts:\n    web-1: {   address:   192.0.2.1   }\n',
  'with an anchor': 'hosts:\n  web-1: &one { address: 192.0.2.1 }\n  web-2: *one\n',
  'as numbers': 'hosts:\n  101: { address: 192.0.2.1 }\n',
};

describe('hosts added to an inventory', () => {
  for (const [what, text] of Object.entries(INVENTORIES))
    it(`${what}: no line is touched`, () => {
      const after = withAdded(text, 'hosts', HOST);
      const lines = after.split('\n');
      const left = lines.filter((line) => !line.includes('192.0.2.9'));
      assert.deepEqual(left, text.split('\n'), after);
      assert.equal(lines.length, text.split('\n').length + 1);
      const hosts = parseDocument(after).toJS() as { hosts: Record<string, unknown> };
      assert.deepEqual(hosts.hosts['new'], HOST.named[0]?.[1]);
    });

  const rest: Readonly<Record<string, string>> = {
    'that is empty': '',
    'that is a comment': '# hosts come here\n',
    'that says hosts and no more': 'hosts: # ours\n',
    'that says hosts with a comment below': 'hosts:\n  # ours\n',
    'with an empty map': 'hosts: {} # ours\n',
    'on one line': 'hosts: { web-1: { address: 192.0.2.1 } } # ours\n',
    'that is one flow': '{ hosts: { web-1: { address: 192.0.2.1 } } }\n',
    'with an end mark': 'hosts:\n  web-1: { address: 192.0.2.1 }\n...\n',
  };
  for (const [what, text] of Object.entries(rest))
    it(`${what}: all that was there is there`, () => {
      const after = withAdded(text, 'hosts', HOST);
      const before = (parseDocument(text).toJS() ?? {}) as { hosts?: object };
      const parsed = parseDocument(after);
      assert.deepEqual(parsed.errors, []);
      assert.deepEqual(parsed.toJS(), { hosts: { ...before.hosts, new: HOST.named[0]?.[1] } });
      for (const [comment] of text.matchAll(/# .+/g)) assert.ok(after.includes(comment), after);
    });

  it('not through an alias: what it stands for would change, too', () => {
    assert.throws(() => withAdded('a: &a { x: { address: a } }\nhosts: *a\n', 'hosts', HOST), /alias/);
  });

  it('nothing: the same text', () => {
    for (const text of Object.values(INVENTORIES))
      assert.equal(withAdded(text, 'hosts', { named: [], listed: [] }), text);
  });
});

describe('accounts and grants added', () => {
  it('each at the end of its part, whichever comes first', () => {
    const text =
      '# who\ngrants:\n- {accounts: [lee], hosts: [web-1]}   # by mia\naccounts:\n  lee: { keys: [k] }\n';
    const after = withAdded(text, 'accounts', GRANT);
    assert.match(after, /^# who\ngrants:\n- \{accounts: \[lee\], hosts: \[web-1\]\} {3}# by mia\n- \{/);
    assert.deepEqual(parseDocument(after).toJS(), {
      grants: [{ accounts: ['lee'], hosts: ['web-1'] }, GRANT.listed[0]],
      accounts: { lee: { keys: ['k'] }, eva: GRANT.named[0]?.[1] },
    });
  });

  it('alone, where there is no file', () => {
    assert.deepEqual(parseDocument(addedAlone('accounts', GRANT)).toJS(), {
      accounts: { eva: GRANT.named[0]?.[1] },
      grants: GRANT.listed,
    });
  });
});

it('whatever the words are, they come back as they were, in one line each, and old lines stay', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      'null',
      'true',
      '1e3',
      '~',
      '- a',
      'a: b',
      '#',
      '2027-01-31',
      '"',
      "'",
      '&a',
      '*a',
      '!x',
      '{',
      '%',
    ),
  );
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,10}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { maxLength: 5 }),
      fc.array(word, { maxLength: 4 }),
      fc.constantFrom(...Object.values(INVENTORIES)),
      (names, words, text) => {
        const there = parseDocument(text).toJS() as { hosts: Record<string, unknown> };
        const fresh = names.filter((each) => !Object.hasOwn(there.hosts, each));
        const named = fresh.map((each) => [each, { words }] as const);
        const after = withAdded(text, 'hosts', { named, listed: [] });
        const expected = { ...there.hosts, ...Object.fromEntries(named) };
        assert.deepEqual((parseDocument(after).toJS() as typeof there).hosts, expected);
        const kept = text.split('\n');
        let at = 0;
        for (const line of after.split('\n')) if (line === kept[at]) at += 1;
        assert.equal(at, kept.length, after);
      },
    ),
    { numRuns: 100 },
  );
});
