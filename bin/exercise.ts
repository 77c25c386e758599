/**
 * Sets the stage of README's exercise and stays until it is told to end.
 * It never leaves anything behind: not the containers, not the Docker daemon, not the home folder.
 */
import { once } from 'node:events';
import { setStage } from '../test/support/exercise.ts';

const HOME = new URL('../.exercise', import.meta.url).pathname;
const endings: (() => Promise<void> | void)[] = [];

try {
  if (process.getuid?.() !== 0) throw new Error('only root can start a Docker daemon: run it as root');
  console.log('Setting the stage: a Docker daemon of its own with a bastion of five containers, two practice hosts, and Garrison …');
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
  const set = setStage({ after: (end) => endings.push(end) }, HOME);
  set.catch(() => undefined);
  if ((await Promise.race([set, told.then(() => null)])) !== null) {
    console.log('It is 3 a.m.: the bastion is stuck, and one person is still at work in it.');
    console.log('Follow README, "It is 3 a.m.", in another terminal in this folder. Ctrl-C ends all of this.');
    await told;
  }
} catch (error) {
  console.error(`exercise: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end();
}
process.exit();
