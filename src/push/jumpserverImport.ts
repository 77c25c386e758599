/**
 * Works out what an import from a JumpServer adds to inventory.yaml and grants.yaml, what it keeps, and what it leaves out and why.
 * It never changes or takes out what the files have.
 */
import type { Grants } from './grants.ts';
import type { JumpserverAnswers } from './jumpserverAnswer.ts';
import { grantsIn, type NewAccount, type NewGrant } from './jumpserverGrants.ts';
import { hostsIn, type ExistingHost, type NameBy, type NewHost } from './jumpserverHosts.ts';
import type { Remark } from './jumpserverRemark.ts';
import { factsOfV2 } from './jumpserverV2.ts';
import { factsOfV3 } from './jumpserverV3.ts';

export interface ImportAsked {
  readonly answers: JumpserverAnswers;
  readonly hosts: readonly ExistingHost[];
  readonly grants: Grants;
  readonly keys: ReadonlyMap<string, readonly string[]>;
  readonly nameBy: NameBy;
  /** The JumpServer's name, which each grant bears. */
  readonly from: string;
  /** The wall clock's: ends of permissions are dates of people's. */
  readonly nowWallMs: number;
}

export interface ImportPlan {
  readonly hosts: readonly NewHost[];
  readonly accounts: readonly NewAccount[];
  readonly grants: readonly NewGrant[];
  readonly remarks: readonly Remark[];
}

export function planImport(asked: ImportAsked): ImportPlan {
  const { answers, keys, from, nameBy, nowWallMs } = asked;
  const read = answers.version === 'v2' ? factsOfV2 : factsOfV3;
  const facts = read(answers, nowWallMs);
  const hosts = hostsIn(facts, asked.hosts, nameBy);
  const granted = grantsIn({ facts, hosts, existingHosts: asked.hosts, existing: asked.grants, keys, from });
  const leftOut = facts.leftOut.map((each): Remark => ({ kind: 'leftOut', ...each }));
  return {
    hosts: hosts.added,
    accounts: granted.accounts,
    grants: granted.grants,
    remarks: [...hosts.remarks, ...granted.remarks, ...leftOut],
  };
}
