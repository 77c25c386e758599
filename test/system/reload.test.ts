/** `garrison reload` and SIGHUP on a whole supervisor: hosts come and go, a bad file changes nothing, and a job that runs is not touched. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { Garrison } from '../support/garrison.ts';
import { withParts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const HOSTS = (...names: readonly string[]): string =>
  `hosts:\n${names.map((name) => `  ${name}: { address: 192.0.2.${name.slice(4)}, user: root }\n`).join('')}`;

it(
  'a reload puts the inventory in force, says what waits for a restart, and refuses what is wrong as a whole',
  withParts(async (parts) => {
    const garrison = await Garrison.start(parts, { inventory: HOSTS('web-1') });
    const inventory = join(garrison.home, 'inventory.yaml');
    const hosts = async (): Promise<string> =>
      (await garrison.cli('get', 'hosts', '-o', 'name')).stdout.trim();
    const worker = async (): Promise<string> =>
      (await garrison.cli('get', 'workers', '-o', 'json')).stdout.match(/"nonce": "[^"]+"/)?.[0] ?? 'none';
    const life = await worker();

    writeFileSync(inventory, HOSTS('web-2', 'web-3'));
    const file = join(garrison.home, 'garrison.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(/^workers: .*$/m, 'workers: { count: 7, spare: 0 }'),
    );
    const planned = await garrison.cli('reload', '--dry-run');
    assert.equal(planned.exitCode, 0, planned.stderr);
    const told = `${planned.stdout}${planned.stderr}`;
    assert.match(told, /hosts that are new: web-2, web-3/);
    assert.match(told, /no longer known: web-1/);
    assert.match(told, /workers\.count is \d+ until a restart of Garrison, then 7/);
    assert.equal(await hosts(), 'web-1', 'a dry run changes nothing');

    const done = await garrison.cli('reload', '--reason', 'two new hosts');
    assert.equal(done.exitCode, 0, done.stderr);
    assert.deepEqual((await hosts()).split('\n').sort(), ['web-2', 'web-3']);

    writeFileSync(inventory, `${HOSTS('web-4')}  web-5: { adress: 192.0.2.8 }\n`);
    const refused = await garrison.cli('reload');
    assert.equal(refused.exitCode, 1, refused.stdout);
    assert.match(refused.stderr, /inventory\.yaml:3: /);
    assert.deepEqual((await hosts()).split('\n').sort(), ['web-2', 'web-3'], 'a bad file changes nothing');

    writeFileSync(inventory, HOSTS('web-6'));
    assert.ok(garrison.process.kill('SIGHUP'));
    await until('the signal has it read anew', async () => (await hosts()) === 'web-6');
    assert.equal(await worker(), life, 'no worker was touched');
    const journal = readFileSync(join(garrison.home, 'journal.jsonl'), 'utf8');
    assert.match(journal, /"verb":"reload".*"reason":"two new hosts"/);
    assert.match(journal, /"verb":"reload".*"actor":"SIGHUP"/);
  }),
);
