/**
 * The fault matrix with its durations scaled down: what is shown during each fault, to everybody the same, and who was left alone.
 * test/long runs the same faults for as long as they are described.
 */
import { describeFaults } from '../support/faults/matrix.ts';

describeFaults('faults, for a shorter time', 0.25);
