/**
 * Proves that no rule of the guard stands untested: each one is taken out of its source text, and each condition weakened, one after the other.
 * Every such mutant must fail the table or the random machines of guard.test.ts.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { GUARD_RULES } from '../../src/reconciler/guard.ts';
import { assertTable, type Guard } from '../support/guardCases.ts';
import { assertWorlds } from '../support/guardWorlds.ts';
import { tempHome } from '../support/tempHome.ts';

const SOURCE = readFileSync(new URL('../../src/reconciler/guard.ts', import.meta.url), 'utf8');
const RULE = /^ {2}if \(.+\) return '([A-Za-z]+)';\n/gm;
const RULES = [...SOURCE.matchAll(RULE)].map(([text, rule = '']) => ({ text, rule }));
const RUNS = { numRuns: 60, seed: 20_240_607 };

/** Each weakens the guard somewhere inside of a rule. */
const WEAKENED: readonly (readonly [string, string])[] = [
  ['Number.isSafeInteger(value) && ', ''],
  [' && value >= LOWEST_PID', ''],
  [' && value <= HIGHEST_PID', ''],
  ['LOWEST_PID = 2;', 'LOWEST_PID = 1;'],
  ["'SIGCHLD'];", "'SIGCHLD', 'SIGSTOP'];"],
  ["'ZXx'", "'Xx'"],
  ["'ZXx'", "'Z'"],
  ['target?.pid !== pid', 'target === null'],
  ['target.pid === self.parentPid || ', ''],
  [' || ancestors.some(({ pid }) => pid === target.pid)', ''],
  ["origin === 'adopted' && adoption !== 'ownTree'", "origin === 'adopted' && adoption === 'ownTree'"],
  ['return target.parentPid === self.pid;', 'return true;'],
  ["mark !== '' && target.mark === mark", 'target.mark === mark'],
  ["mark !== '' && target.mark === mark", 'target.mark !== null'],
  ['enclosure !== null && isEnclosed(enclosure, target, self)', 'true'],
  ['enclosure !== null && isEnclosed(', 'enclosure === null || isEnclosed('],
  ['if (!(target.startTicks >= sinceTicks)) return false;', ''],
  ['!(target.startTicks >= sinceTicks)', 'target.startTicks < sinceTicks'],
  ['isBelow(path, cgroupPath(self)) && ', ''],
  ['(at === path || isBelow(at, path))', 'isBelow(at, path)'],
  ['(at === path || isBelow(at, path))', 'at === path'],
  ['(at === path || isBelow(at, path))', 'at !== null'],
  ["above === '/' ? above : `${above}/`", 'above'],
  ["above === '/' ? above : `${above}/`", '`${above}/`'],
  [' && path !== folder', ''],
  ['^0::(', ':(?:name=systemd)?:('],
  ['    default:\n      return false;', '    default:\n      return true;'],
  ["reach === 'group' && !leadsGroupAndSession(target)", 'false'],
  ['processGroup === pid && session === pid', 'session === pid'],
  ['processGroup === pid && session === pid', 'processGroup === pid'],
  ['isSshServer(target.command) || ', ''],
  [' || isSshServer(target.program)', ''],
  ['(?:$|[-:. ])', '$'],
  ['|dropbear', ''],
  ['target.sshConnection !== null && ', ''],
  [' && target.sshConnection !== self.sshConnection', ' && self.sshConnection === null'],
  ['!own.includes(place)', 'own.length === 0'],
  ['.some((place) => !own.includes(place))', '.length > 0'],
  ['target.uids.some((uid) => uid !== self.uid)', 'target.uid !== self.uid'],
  ['uid !== self.uid', 'uid !== 0'],
];

describe('a guard without', () => {
  const told: string[] = [];

  it('any rule that its source has not got', () => {
    assert.deepEqual([...new Set(RULES.map(({ rule }) => rule))].sort(), Object.keys(GUARD_RULES).sort());
    assert.equal(SOURCE.match(/return '[A-Z]/g)?.length, RULES.length, 'every answer stands in a rule');
  });

  it('each of its rules in turn is found out', (t) => {
    for (const [index, { text, rule }] of RULES.entries()) {
      const mutant = load(t, SOURCE.replace(text, ''), `rule-${String(index)}`);
      const by = redBy(mutant);
      assert.notEqual(by, '', `nothing turned red without the rule ${text.trim()}`);
      told.push(`${rule} (line ${String(lineOf(text))}): red by ${by}`);
    }
    t.diagnostic(told.join('\n'));
  });

  it('each of its conditions in full is found out', (t) => {
    for (const [index, [full, weak]] of WEAKENED.entries()) {
      assert.ok(SOURCE.includes(full), full);
      const mutant = load(t, SOURCE.replace(full, weak), `weak-${String(index)}`);
      assert.ok(isRed(mutant), `nothing turned red with ${weak} instead of ${full}`);
    }
  });

  it('any change is not', (t) => {
    assert.equal(isRed(load(t, SOURCE, 'same')), false);
  });
});

/** Which of the two fails; empty when neither does. */
function redBy(guard: Guard): string {
  return [
    ...(failsTable(guard) ? ['the table'] : []),
    ...(failsWorlds(guard) ? ['random machines'] : []),
  ].join(' and ');
}

function isRed(guard: Guard): boolean {
  return failsTable(guard) || failsWorlds(guard);
}

function failsTable(guard: Guard): boolean {
  return fails(() => {
    assertTable(guard);
  });
}

function failsWorlds(guard: Guard): boolean {
  return fails(() => {
    assertWorlds(guard, RUNS);
  });
}

function fails(check: () => void): boolean {
  try {
    check();
    return false;
  } catch {
    return true;
  }
}

function load(t: TestContext, text: string, name: string): Guard {
  const file = join(tempHome(t), `${name}.ts`);
  writeFileSync(file, text);
  const loaded = createRequire(import.meta.url)(file) as { refusalOf: Guard };
  return loaded.refusalOf;
}

function lineOf(text: string): number {
  return SOURCE.slice(0, SOURCE.indexOf(text)).split('\n').length;
}
