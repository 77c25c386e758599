/** Every file of the home folder, damaged in every way: kept under another name, said, and everything goes on with the safer choice. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lossOf } from '../../src/detector/loss.ts';
import { readTakenAlerts } from '../../src/driver/alertFile.ts';
import { readHealing, writeHealing } from '../../src/driver/healFile.ts';
import { acceptHostKey, hostKey, keepHostKeys } from '../../src/driver/hostKeys.ts';
import { Journal } from '../../src/driver/journal.ts';
import { checkJournal } from '../../src/driver/journalCheck.ts';
import { JournalReader } from '../../src/driver/journalReader.ts';
import { readNotices } from '../../src/driver/noticeFile.ts';
import { keepHomeId } from '../../src/driver/ownership.ts';
import { openSpool } from '../../src/driver/spool.ts';
import { readWishes, writeWishes } from '../../src/driver/wishFile.ts';
import { openTokenStore } from '../../src/server/tokenStore.ts';
import { openUserStore } from '../../src/server/userStore.ts';
import { keepFile, keepFolder, listSetAside, type SetAside } from '../../src/setAside.ts';
import { jobRecord } from '../support/jobRecord.ts';
import { tempHome } from '../support/tempHome.ts';

const AT = '2026-01-02T03:04:05.000Z';
const WORKERS = ['push-1', 'push-2'];

type Keeping = { readonly homeDir: string; readonly onSetAside: (done: SetAside) => void };

/** What each file is read with at a start, and something good that it may hold. */
const FILES: Readonly<
  Record<string, { readonly good: string; readonly read: (keeping: Keeping) => unknown }>
> = {
  'wishes.json': { good: '{"push-1":"stop"}', read: (keeping) => readWishes(keeping, WORKERS) },
  'healing.json': {
    good: '{"containers":[],"maintenance":[]}',
    read: (keeping) => readHealing(keeping, AT),
  },
  'alerts.json': {
    good: `[{"key":"a","at":"${AT}","operation":null}]`,
    read: (keeping) => readTakenAlerts(keeping),
  },
  'notices.json': { good: '[]', read: (keeping) => readNotices(keeping) },
  'home-id': { good: '0123456789abcdef\n', read: (keeping) => keepHomeId(keeping) },
  'users.json': {
    good: '{"users":[]}',
    read: ({ homeDir, onSetAside }) => openUserStore(homeDir, onSetAside).names(),
  },
  'tokens.json': {
    good: '{"tokens":[]}',
    read: ({ homeDir, onSetAside }) => openTokenStore(homeDir, onSetAside).list(),
  },
  'journal.jsonl': {
    good: `{"at":"${AT}","event":"redisUp"}\n`,
    read: (keeping) => checkJournal(keeping),
  },
  known_hosts: {
    good: `web-1 ssh-ed25519 ${'A'.repeat(68)}\n`,
    read: (keeping) => {
      keepHostKeys(keeping);
    },
  },
};

const HALVED = (text: string): string => text.slice(0, Math.floor(text.length / 2));
const CONTENTS: Readonly<Record<string, (good: string) => string | Buffer>> = {
  'cut off half-way': HALVED,
  garbage: () => Buffer.from([0, 255, 254, 10, 0, 13, 128, 7, 10, 0]),
  empty: () => '',
};
/** An empty file of lines is one without lines. */
const GOOD_WHEN_EMPTY = ['journal.jsonl', 'known_hosts'];

function open(t: { after(fn: () => void): void }): { keeping: Keeping; home: string; seen: SetAside[] } {
  const home = tempHome(t);
  const seen: SetAside[] = [];
  return { home, seen, keeping: { homeDir: home, onSetAside: (done) => seen.push(done) } };
}

for (const [name, { good, read }] of Object.entries(FILES)) {
  describe(name, () => {
    for (const [how, damage] of Object.entries(CONTENTS)) {
      if (how === 'empty' && GOOD_WHEN_EMPTY.includes(name)) continue;
      it(`${how}: kept whole under another name, and never twice`, (t) => {
        const { keeping, home, seen } = open(t);
        const content = Buffer.from(damage(good));
        writeFileSync(join(home, name), content);
        read(keeping);
        assert.deepEqual(
          seen.map((done) => done.name),
          [name],
        );
        assert.deepEqual(readFileSync(join(home, seen[0]!.as)), content);
        assert.match(seen[0]!.as, new RegExp(`^${name}\\.damaged-\\d{8}T\\d{6}Z$`));
        read(keeping);
        assert.equal(seen.length, 1, 'a second start finds nothing damaged');
        assert.deepEqual(
          listSetAside(home, []).map(({ name: original, as }) => [original, as]),
          [[name, seen[0]!.as]],
        );
      });
    }

    it('a folder, a link that leads nowhere, and one of another owner', (t) => {
      for (const [what, make] of Object.entries(PLACES)) {
        const { keeping, home, seen } = open(t);
        make(join(home, name));
        asOther(home, () => read(keeping));
        assert.equal(seen.length, 1, what);
        assert.equal(seen[0]!.name, name, what);
      }
    });

    it('good: stays', (t) => {
      const { keeping, home, seen } = open(t);
      writeFileSync(join(home, name), good);
      read(keeping);
      assert.deepEqual(seen, []);
      assert.equal(readFileSync(join(home, name), 'utf8'), good);
    });
  });
}

const PLACES: Readonly<Record<string, (path: string) => void>> = {
  'a folder': (path) => {
    mkdirSync(path);
  },
  'a link': (path) => {
    symlinkSync('nowhere', path);
  },
  'not readable': (path) => {
    writeFileSync(path, 'x');
    chmodSync(path, 0);
  },
};

const NOBODY = 65_534;

/** Root may read everything: so somebody else looks, whose home this is. */
function asOther(home: string, act: () => void): void {
  if (process.getuid?.() !== 0) {
    act();
    return;
  }
  chownSync(home, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    act();
  } finally {
    process.seteuid?.(0);
  }
}

it('one that was set aside in the same second is not overwritten', (t) => {
  const { keeping, home, seen } = open(t);
  const names = ['one', 'two', 'three'];
  for (const text of names) {
    writeFileSync(join(home, 'notices.json'), text);
    readNotices(keeping);
  }
  const kept = seen.map(({ as }) => readFileSync(join(home, as), 'utf8'));
  assert.deepEqual(kept, names);
});

it('what cannot be set aside stops the start, with the file and the cure', (t) => {
  const { keeping, home } = open(t);
  writeFileSync(join(home, 'alerts.json'), 'x');
  if (process.getuid?.() !== 0) chmodSync(home, 0o500);
  const read = (): void => {
    if (process.getuid?.() === 0) process.seteuid?.(NOBODY);
    try {
      readTakenAlerts(keeping);
    } finally {
      if (process.getuid?.() === 0) process.seteuid?.(0);
    }
  };
  chmodSync(home, 0o555);
  assert.throws(read, { code: 'HOME_UNUSABLE', message: /alerts\.json .*cannot be set aside/ });
  chmodSync(home, 0o700);
});

describe("a person's latch on workers", () => {
  it('is not lifted by damage: what can be read stays, every other worker is quiet, also after the next start', (t) => {
    const { keeping, home } = open(t);
    writeWishes(home, { 'push-1': 'stop', 'push-2': 'stop' });
    const text = readFileSync(join(home, 'wishes.json'), 'utf8');
    writeFileSync(join(home, 'wishes.json'), text.slice(0, text.indexOf('"push-2"') + 9));
    const held = { 'push-1': 'stop', 'push-2': 'quiet' };
    assert.deepEqual(readWishes(keeping, WORKERS), held);
    assert.deepEqual(readWishes(keeping, WORKERS), held);
  });

  it('of a word that is none, only that worker is quiet', (t) => {
    const { keeping, home } = open(t);
    writeFileSync(join(home, 'wishes.json'), '{"push-1":"run","push-2":"sotp"}');
    assert.deepEqual(readWishes(keeping, WORKERS), { 'push-1': 'run', 'push-2': 'quiet' });
  });
});

describe('what is done about containers', () => {
  it('after a loss is nothing: all are in maintenance, also after the next start', (t) => {
    const { keeping, home } = open(t);
    writeHealing(home, { containers: [], maintenance: [] });
    writeFileSync(join(home, 'healing.json'), '{"containers":');
    for (const start of ['the first', 'the second']) {
      const { maintenance } = readHealing(keeping, AT);
      assert.deepEqual(
        maintenance.map(({ scope, actor, until }) => [scope, actor, until]),
        [['all', 'garrison', '2026-01-09T03:04:05.000Z']],
        start,
      );
    }
    assert.equal(statSync(join(home, 'healing.json')).mode & 0o777, 0o600);
  });
});

describe('the journal', () => {
  it('begins a new line after half a line, and readers pass over it and count it', async (t) => {
    const { keeping, home, seen } = open(t);
    const file = join(home, 'journal.jsonl');
    writeFileSync(file, `{"at":"${AT}","event":"one"}\n\u0000\u0001garbage\n{"at":"${AT}","eve`);
    assert.equal(checkJournal(keeping), 2);
    assert.deepEqual(seen, [], 'it holds lines that can be read');
    const journal = new Journal(home);
    journal.append({ at: AT, event: 'two' });
    journal.append({ at: AT, event: 'three' });
    const { lines, damaged } = await new JournalReader(home).before(null);
    assert.deepEqual(
      lines.map(({ entry }) => entry.event),
      ['three', 'two', 'one'],
    );
    assert.equal(damaged, 2);
  });

  it('reads on where one of its earlier files cannot be read', async (t) => {
    const { home } = open(t);
    mkdirSync(join(home, 'journal.jsonl.1'));
    writeFileSync(join(home, 'journal.jsonl.2'), `{"at":"${AT}","event":"old"}\n`);
    const { lines } = await new JournalReader(home).before(null);
    assert.equal(lines[0]?.entry.event, 'old');
  });
});

describe('host keys', () => {
  it('are accepted on a line of their own after half a line', async (t) => {
    const { home } = open(t);
    writeFileSync(join(home, 'known_hosts'), 'web-1 ssh-ed25519 AAAAC3');
    await acceptHostKey(home, 'web-2', hostKey('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5'));
    assert.deepEqual(readFileSync(join(home, 'known_hosts'), 'utf8').split('\n'), [
      'web-1 ssh-ed25519 AAAAC3',
      'web-2 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5',
      '',
    ]);
  });
});

describe('folders', () => {
  for (const name of ['spool', 'logs', 'incidents', 'redis'])
    it(`${name}: a file in its place is set aside, and the folder made`, (t) => {
      const { keeping, home, seen } = open(t);
      writeFileSync(join(home, name), 'no folder');
      keepFolder({ ...keeping, name });
      assert.ok(statSync(join(home, name)).isDirectory());
      assert.equal(readFileSync(join(home, seen[0]!.as), 'utf8'), 'no folder');
    });

  it('spool: what is no record is set aside, a folder too, and the good ones arrive', async (t) => {
    const { keeping, home, seen } = open(t);
    const spool = await openSpool(home, keeping.onSetAside);
    await spool.put([jobRecord('j-1', { state: 'done', revision: 7 })]);
    mkdirSync(join(home, 'spool/j-2.1.json'));
    writeFileSync(join(home, 'spool/j-3.1.json'), '');
    writeFileSync(join(home, 'spool/j-4.1.json'), '{"id":"j-4","revision":1}');
    writeFileSync(join(home, 'spool/j-5.1.json'), Buffer.from([255, 0, 1]));
    const listed = await spool.list();
    assert.deepEqual(
      listed.flat().map(({ id }) => id),
      ['j-1'],
    );
    assert.deepEqual(
      seen.map(({ name }) => name).sort(),
      [2, 3, 4, 5].map((n) => `spool/j-${String(n)}.1.json`),
    );
    assert.equal(listSetAside(home, ['spool']).length, 4);
  });

  it('a file of lines of which only a folder is in the way', (t) => {
    const { keeping, home, seen } = open(t);
    mkdirSync(join(home, 'history.jsonl'));
    keepFile({ ...keeping, name: 'history.jsonl' }, 'append');
    assert.equal(seen.length, 1);
    assert.ok(!existsSync(join(home, 'history.jsonl')));
    assert.equal(readdirSync(home).length, 1);
  });
});

it('of each file is known what is lost with it and what to do', () => {
  const names = [
    ...Object.keys(FILES),
    'spool/j-1.json',
    'redis/appendonlydir',
    'locks.json',
    'cluster.json',
  ];
  for (const name of names) {
    const { lost, next } = lossOf(name);
    assert.match(lost, /^[A-Z].*\.$/, name);
    assert.match(next, /\.$/, name);
  }
  const loud = [
    'wishes.json',
    'healing.json',
    'users.json',
    'tokens.json',
    'known_hosts',
    'redis/appendonlydir',
  ];
  for (const name of loud) assert.equal(lossOf(name).weight, 'warning', name);
});
