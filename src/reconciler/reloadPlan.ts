/**
 * Says what reading the configuration anew changes: which hosts come, go or change, and which settings wait for a restart.
 * It reads no file and applies nothing.
 */

export interface ConfiguredHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeys: readonly string[];
  readonly groups: readonly string[];
  /** jump, options and sshConfig, as far as they are given. */
  readonly way?: object;
}

export interface ConfiguredSetting {
  readonly key: string;
  /** As people write it. */
  readonly value: string;
}

export interface ConfigurationRead {
  readonly hosts: readonly ConfiguredHost[];
  readonly settings: readonly ConfiguredSetting[];
}

export interface ReloadPlan {
  /** Names, in their order in the file. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly name: string; readonly what: readonly string[] }[];
  /** Null: it is written on one side only. */
  readonly afterRestart: readonly {
    readonly key: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

/** `before`: what is in force, which of settings is what the supervisor started with. */
export function reloadPlan(before: ConfigurationRead, after: ConfigurationRead): ReloadPlan {
  const known = new Map(before.hosts.map((host) => [host.name, host]));
  const wanted = new Set(after.hosts.map(({ name }) => name));
  return {
    added: after.hosts.map(({ name }) => name).filter((name) => !known.has(name)),
    removed: [...known.keys()].filter((name) => !wanted.has(name)),
    changed: after.hosts.flatMap((host) => {
      const earlier = known.get(host.name);
      const what = earlier === undefined ? [] : differences(earlier, host);
      return what.length === 0 ? [] : [{ name: host.name, what }];
    }),
    afterRestart: changedSettings(before.settings, after.settings),
  };
}

/** For people: a sentence for each part; empty when nothing differs. */
export function reloadSteps({ added, removed, changed, afterRestart }: ReloadPlan): readonly string[] {
  return [
    ...(added.length === 0 ? [] : [`hosts that are new: ${added.join(', ')}`]),
    ...changed.map(({ name, what }) => `host ${name} changes: ${what.join(', ')}`),
    ...(removed.length === 0
      ? []
      : [`hosts that are no longer known: ${removed.join(', ')}; nothing is done on them`]),
    ...afterRestart.map(
      ({ key, before, after }) =>
        `${key} is ${before ?? 'not set'} until a restart of Garrison, then ${after ?? 'not set'}`,
    ),
  ];
}

function differences(before: ConfiguredHost, after: ConfiguredHost): readonly string[] {
  const where = ({ address, port }: ConfiguredHost): string => `${address}:${String(port)}`;
  return [
    ...(where(before) === where(after) ? [] : [`address ${where(before)} → ${where(after)}`]),
    ...(before.user === after.user ? [] : [`user ${before.user} → ${after.user}`]),
    ...(sameWords(before.groups, after.groups)
      ? []
      : [`groups ${before.groups.join(' ') || 'none'} → ${after.groups.join(' ') || 'none'}`]),
    ...(sameWords(before.hostKeys, after.hostKeys) ? [] : ['its host keys']),
    ...(JSON.stringify(before.way) === JSON.stringify(after.way) ? [] : ['the way to it']),
  ];
}

function sameWords(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((word, index) => word === others[index]);
}

function changedSettings(
  before: readonly ConfiguredSetting[],
  after: readonly ConfiguredSetting[],
): ReloadPlan['afterRestart'] {
  const was = new Map(before.map(({ key, value }) => [key, value]));
  const willBe = new Map(after.map(({ key, value }) => [key, value]));
  return [...new Set([...was.keys(), ...willBe.keys()])]
    .map((key) => ({ key, before: was.get(key) ?? null, after: willBe.get(key) ?? null }))
    .filter((setting) => setting.before !== setting.after);
}
