/**
 * Reads grants.yaml anew whenever it is asked: the one place where it is written who is wanted where.
 * It keeps no copy, and grants nothing where anything in the file is wrong.
 */
import { join } from 'node:path';
import { configError, readConfigFile, type ConfigProblem } from './configFile.ts';
import { endOf, GrantsSchema } from './inventory.ts';
import { grantProblems, type GrantedHost, type Grants } from './push/grants.ts';

/** Throws CONFIG_INVALID with every problem; a missing file grants nothing. */
export function readGrants(home: string, hosts: readonly GrantedHost[]): Grants {
  const file = join(home, 'grants.yaml');
  const read = readConfigFile(file, GrantsSchema);
  const { accounts = {}, grants: written = [] } = read.value ?? {};
  const grants = {
    accounts,
    grants: written.map((grant) => ({
      ...grant,
      endsAtMs: grant.until === undefined ? null : endOf(grant.until),
    })),
  };
  const wrong = grantProblems(grants, hosts).map(({ path, what, cure }): ConfigProblem => ({
    ...{ file, line: read.lineOf(path), key: path.join('.'), what, cure },
  }));
  const problems = [...read.problems, ...wrong];
  if (problems.length > 0) throw configError(problems);
  return grants;
}
