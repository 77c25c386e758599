/** What is handed on of something: without planted secrets, within its size, and with what is missing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleOf } from '../../src/supervisor/evidenceBundle.ts';
import type { WhyStep, WhyView } from '../../src/supervisor/door.ts';

const step = (evidenceFile: string | null, sentence = ''): WhyStep =>
  ({ id: '1-1', evidenceFile, sentence }) as WhyStep;
const why = (steps: readonly WhyStep[], more: Partial<WhyView> = {}): WhyView => ({
  subject: { kind: 'push', name: 'p-1' },
  steps,
  searchedBackTo: '2026-01-01T00:00:00Z',
  isWhole: true,
  damaged: 0,
  ...more,
});

test('no planted secret gets out, and what is no secret stays', async () => {
  const lines = [
    'redis://:hunter2@127.0.0.1 refused',
    'DB_PASSWORD=hunter2 token: hunter2, "api_key": "hunter2"',
    'mysql --password hunter2',
    'Authorization: Bearer hunter2',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----',
  ];
  const document = { logs: lines, env: { REDIS_PASSWORD: 'hunter2' }, why: 'its probe failed 3 times' };
  const text = JSON.stringify(await bundleOf(why([step('a.json', lines[1])]), async () => document));
  assert.ok(!text.includes('hunter2'), text);
  assert.ok(text.includes('its probe failed 3 times'));
});

test('what is gone, too large or was not read is named', async () => {
  const documents: Record<string, unknown> = {
    'a.json': { x: 1 },
    'big.json': 'x'.repeat(2 ** 21),
    'gone.json': null,
  };
  const steps = ['a.json', 'big.json', 'gone.json'].map((file) => step(file));
  const bundle = await bundleOf(why(steps, { isWhole: false, damaged: 2 }), async (file) => documents[file]);
  assert.deepEqual(bundle.documents, [{ file: 'a.json', document: { x: 1 } }]);
  assert.match(
    bundle.missing.join('\n'),
    /big\.json: it has .*\n.*gone\.json: it is gone .*\n.*2026-01-01.*\n2 lines/,
  );
});
