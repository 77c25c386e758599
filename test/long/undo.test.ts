/**
 * Undos on real practice hosts, every case: each state, each change by others, each step at which one may be killed.
 * It adds nothing of its own to them.
 */
import { describeUndo } from '../worker/undoCases.ts';

describeUndo(1);
