/**
 * Reads grants.yaml anew whenever it is asked: the one place where it is written who is wanted where.
 * It keeps no copy, and grants nothing where anything in the file is wrong.
 */
import { join } from 'node:path';
import { configError, parseConfigText, readConfigFile, type ConfigProblem } from './configFile.ts';
import { endOf, GrantsSchema, type GrantsRead } from './inventory.ts';
import type { HostBook } from './driver/hostBook.ts';
import type { JobRecord } from './push/job.ts';
import { grantProblems, wantedBy, type GrantedHost, type Grants, type Wanted } from './push/grants.ts';

/** Throws CONFIG_INVALID with every problem; a missing file grants nothing. */
export function readGrants(home: string, hosts: readonly GrantedHost[]): Grants {
  const file = join(home, 'grants.yaml');
  return grantsOf(file, readConfigFile(file, GrantsSchema), hosts);
}

/** The same of a text that is not in the file yet. */
export function grantsOfText(file: string, text: string, hosts: readonly GrantedHost[]): Grants {
  return grantsOf(file, parseConfigText(file, text, GrantsSchema), hosts);
}

function grantsOf(file: string, read: GrantsRead, hosts: readonly GrantedHost[]): Grants {
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

/** What the grants want at this moment, of all hosts known. Throws CONFIG_INVALID. */
export function wantedNow(home: string, book: HostBook): readonly Wanted[] {
  const hosts = book.hosts();
  return wantedBy(readGrants(home, hosts), hosts, Date.now());
}

/**
 * Of the jobs that wait: which are wanted still, by one reading of the file.
 * One that cannot be read drops none: somebody may be writing it, and each is asked of again right before it runs.
 */
export function grantCheck(home: string, book: HostBook): (job: JobRecord) => boolean {
  let wanted: readonly Wanted[];
  try {
    wanted = wantedNow(home, book);
  } catch {
    return () => true;
  }
  const wishes = new Map(wanted.map((each) => [keyOf(each), JSON.stringify(each.account)]));
  return ({ host, account }) =>
    account !== null && wishes.get(keyOf({ host, account })) === JSON.stringify(account);
}

function keyOf({ host, account }: Pick<Wanted, 'host' | 'account'>): string {
  return `${host}/${account.name}`;
}

/** Asked right before it runs. A file that cannot be read wants nothing: better a push too few. */
export function isStillGranted(home: string, book: HostBook, { host, account }: JobRecord): boolean {
  try {
    const found = wantedNow(home, book).find(
      (each) => each.host === host && each.account.name === account?.name,
    );
    return JSON.stringify(found?.account) === JSON.stringify(account);
  } catch {
    return false;
  }
}
