/**
 * Undos on real practice hosts: some of each table of cases; all of them are in test/long.
 * It adds nothing of its own to them.
 */
import { describeUndo } from './undoCases.ts';

describeUndo(12);
