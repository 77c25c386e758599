/**
 * Names the variables by which a process is known to come from one run of a supervisor, and from one life of a worker: all that is started inherits them.
 * It holds no value: each supervisor makes its own (driver/ownTree.ts), and whoever empties an environment passes it on or loses it.
 */
export const MARK_VARIABLE = 'GARRISON_MARK';

/** Of a worker and all that it starts: the nonce of that life, and behind a slash, of its ssh, the attempt. */
export const LIFE_MARK = 'GARRISON_LIFE';
