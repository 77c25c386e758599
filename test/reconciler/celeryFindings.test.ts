/** A heartbeat of a celery worker is told as what it is, and as no more. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { diagnose } from '../../src/reconciler/diagnosis.ts';
import { dockerWith, seenContainer, wellCheckup } from '../support/madeUpCheckup.ts';
import { madeUpContainer } from '../support/madeUpContainer.ts';

it('says of a beat that it is only a beat', () => {
  const celeryBeats = [{ worker: 'ansible,celery', ageMs: 3_000 }];
  const docker = dockerWith([seenContainer(madeUpContainer('jms_celery'), { celeryBeats })]);
  const { findings, well } = diagnose(wellCheckup({ docker }));
  assert.deepEqual(findings, []);
  assert.ok(
    well.includes('jms_celery: ansible,celery beats, which says nothing of its jobs.'),
    well.join('\n'),
  );
});
