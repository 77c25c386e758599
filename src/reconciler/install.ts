/**
 * Decides what `garrison install` and `garrison uninstall` do on this machine: values in, steps out, in their order.
 * It replaces and removes only what bears Garrison's mark, and never plans to start or stop the second way in.
 */

/** Stands in all that an install wrote and may replace or remove. */
export const INSTALL_MARK = "Garrison's own: written by `garrison install`";

export const GROUP = 'garrison';
export const SERVICE = 'garrison.service';
export const RESCUE_SERVICE = 'garrison-rescue.service';

/** `ours` bears the mark; `kept` is made once and then a person's. */
export type Ownership = 'ours' | 'kept';

export interface WantedFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  readonly ownership: Ownership;
  /** systemd must be told to read it. */
  readonly isUnit: boolean;
}

export interface WantedFolder {
  readonly path: string;
  readonly mode: number;
}

export interface Wanted {
  readonly folders: readonly WantedFolder[];
  readonly files: readonly WantedFile[];
  /** The host key of the second way in; made once. */
  readonly hostKey: string;
}

export interface MachineFacts {
  readonly groupExists: boolean;
  /** Somebody is in it, so that it is more than ours. */
  readonly groupHasMembers: boolean;
  readonly folders: ReadonlySet<string>;
  /** What stands in each of the wanted files that is there. */
  readonly contents: ReadonlyMap<string, string>;
  readonly hostKeyExists: boolean;
  /** systemd runs here; else unit files are only laid down. */
  readonly hasSystemd: boolean;
  readonly serviceInUse: boolean;
  /** Turned on or running: a person's wish, which nothing of Garrison touches. */
  readonly rescueInUse: boolean;
}

export type Step =
  | { readonly kind: 'addGroup' | 'removeGroup'; readonly name: string }
  | { readonly kind: 'makeFolder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'writeFile'; readonly file: WantedFile; readonly replaces: boolean }
  | { readonly kind: 'removeFile'; readonly path: string }
  | { readonly kind: 'makeHostKey'; readonly path: string }
  | { readonly kind: 'reload' }
  | { readonly kind: 'disable'; readonly unit: string };

export interface Plan {
  readonly steps: readonly Step[];
  /** Sentences on what is as it should be, or stays on purpose. */
  readonly left: readonly string[];
  /** Files that stand where ours would and are somebody's; nothing is done then. */
  readonly foreign: readonly string[];
}

export function planInstall(wanted: Wanted, facts: MachineFacts): Plan {
  const files = wanted.files.filter((file) => isToWrite(file, facts.contents.get(file.path)));
  const steps: Step[] = [
    ...(facts.groupExists ? [] : [{ kind: 'addGroup', name: GROUP } as const]),
    ...wanted.folders
      .filter(({ path }) => !facts.folders.has(path))
      .map((folder) => ({ kind: 'makeFolder', ...folder }) as const),
    ...files.map((file) => {
      return { kind: 'writeFile', file, replaces: facts.contents.has(file.path) } as const;
    }),
    ...(facts.hostKeyExists ? [] : [{ kind: 'makeHostKey', path: wanted.hostKey } as const]),
    ...(facts.hasSystemd && files.some(({ isUnit }) => isUnit) ? [{ kind: 'reload' } as const] : []),
  ];
  const kept = wanted.files
    .filter(({ path, ownership }) => ownership === 'kept' && facts.contents.has(path))
    .map(({ path }) => `${path} is yours and stays as it is`);
  return { steps, left: kept, foreign: foreignFiles(wanted, facts) };
}

export function planUninstall(wanted: Wanted, facts: MachineFacts): Plan {
  const ours = wanted.files.filter(
    (file) => file.ownership === 'ours' && isOurs(facts.contents.get(file.path)),
  );
  const removed = ours.filter(({ path }) => !(facts.rescueInUse && isOfRescue(path)));
  const hasService = ours.some(({ path }) => path.endsWith(`/${SERVICE}`));
  const steps: Step[] = [
    ...(hasService && facts.serviceInUse ? [{ kind: 'disable', unit: SERVICE } as const] : []),
    ...removed.map(({ path }) => ({ kind: 'removeFile', path }) as const),
    ...(facts.hasSystemd && removed.some(({ isUnit }) => isUnit) ? [{ kind: 'reload' } as const] : []),
    ...(facts.groupExists && !facts.groupHasMembers ? [{ kind: 'removeGroup', name: GROUP } as const] : []),
  ];
  return { steps, left: staying(wanted, facts), foreign: [] };
}

function isToWrite(file: WantedFile, present: string | undefined): boolean {
  return present === undefined || (file.ownership === 'ours' && present !== file.content);
}

function isOurs(content: string | undefined): boolean {
  return content !== undefined && content.includes(INSTALL_MARK);
}

function foreignFiles(wanted: Wanted, { contents }: MachineFacts): string[] {
  return wanted.files
    .filter(
      ({ path, ownership }) => ownership === 'ours' && contents.has(path) && !isOurs(contents.get(path)),
    )
    .map(({ path }) => path);
}

function isOfRescue(path: string): boolean {
  return path.includes('garrison-rescue');
}

function staying(wanted: Wanted, facts: MachineFacts): string[] {
  const folders = wanted.folders.filter(({ path }) => facts.folders.has(path)).map(({ path }) => path);
  return [
    ...folders.map(
      (path) => `${path} stays with all that is in it; what you do not need of it is yours to remove`,
    ),
    ...foreignFiles(wanted, facts).map((path) => `${path} is not Garrison's own and stays`),
    ...(facts.rescueInUse
      ? [
          `${RESCUE_SERVICE} is turned on and stays, with its configuration: nothing of Garrison stops the second way in. To remove it: systemctl disable --now garrison-rescue, then garrison uninstall again`,
        ]
      : []),
    ...(facts.groupExists && facts.groupHasMembers ? [`the group ${GROUP} has members and stays`] : []),
  ];
}
