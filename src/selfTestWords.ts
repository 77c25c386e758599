/**
 * The few words that the processes of a self-test say to each other.
 * It does nothing.
 */

/** Names of the workers; each is the harm that it does once it is told to be quiet. */
export const HARMFUL_WORKERS = ['deaf', 'stopped', 'blocked'] as const;

export type HarmfulWorker = (typeof HARMFUL_WORKERS)[number];

/** A line of the deaf one. */
export const TERM_HEARD = 'self-test: SIGTERM came and is ignored';

/** On the stack of the blocked one. */
export const BLOCKING_FUNCTION = 'blockTheLoop';

/** Exit code of the self-test's own supervisor when its folder cannot be made (EX_CANTCREAT). */
export const NO_FOLDER = 73;
