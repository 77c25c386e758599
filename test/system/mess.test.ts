/** Two hundred jobs whose ssh does the worst it can: all end, and of none of them anything is left, no zombie and no survivor; test/long has a thousand. */
import { after, it } from 'node:test';
import { watchForLeaks } from '../support/leaks.ts';
import { messyJobs } from '../support/mess.ts';
import { withParts } from '../support/parts.ts';

const leaks = watchForLeaks();
after(() => leaks.assertNone());

it(
  'leaves nothing of two hundred messy jobs',
  withParts((parts) => messyJobs(parts, { hosts: 40, pushes: 5 })),
);
