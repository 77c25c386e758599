/**
 * Names the variable by which a process is known to come from one run of a supervisor: everything it starts inherits it.
 * It holds no value: each supervisor makes its own (driver/ownTree.ts), and whoever empties an environment passes it on or loses it.
 */
export const MARK_VARIABLE = 'GARRISON_MARK';
