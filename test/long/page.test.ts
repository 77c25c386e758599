/**
 * The fault matrix with a real browser on the page: it never shows a state that was not published, and nothing twice.
 * The faults are those of test/system/faults.test.ts, as long as there.
 */
import { describeFaults } from '../support/faults/matrix.ts';

process.env['GARRISON_TEST_WATCHES_PAGE'] = '1';
describeFaults('faults, seen on the page', 0.25);
