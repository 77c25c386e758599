/**
 * The fault matrix as it is described, every duration in full.
 * It takes minutes, which is why it is not among the usual tests.
 */
import { describeFaults } from '../support/faults/matrix.ts';

describeFaults('faults, in full', 1);
