/**
 * Says what is wrong with the key and the agent that garrison.yaml names to log in with.
 * It never opens either.
 */
import { existsSync } from 'node:fs';
import type { ConfigFile, ConfigProblem } from './configFile.ts';
import type { ConfigValues } from './configSchema.ts';
import { optionProblem } from './hostWay.ts';

export function sshProblems(
  read: ConfigFile<ConfigValues>,
  absolute: (path: string) => string,
): readonly ConfigProblem[] {
  const { identityFile, agent } = read.value?.ssh ?? {};
  const problem = (key: 'identityFile' | 'agent', what: string, cure: string | null): ConfigProblem => ({
    ...{ file: read.file ?? '', line: read.lineOf(['ssh', key]), key: `ssh.${key}` },
    ...{ what, cure },
  });
  if (agent !== undefined) {
    // It need not be there yet; but ssh would read more into its name than a file.
    const what = optionProblem('IdentityAgent', absolute(agent));
    return what === null ? [] : [problem('agent', what, null)];
  }
  if (identityFile === undefined || existsSync(absolute(identityFile))) return [];
  // A key that is named must be there: making another one under that name would only hide the mistake.
  const what = `there is no file ${absolute(identityFile)}`;
  return [problem('identityFile', what, 'leave the key out, and Garrison makes one in its home folder')];
}
