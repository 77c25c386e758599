/**
 * What people can do about a leftover, what forbids it, and the questions that are asked first.
 * It does nothing before the yes, and nothing at all by itself.
 */
import type { Leftover, PushView } from '../../supervisor/door.ts';
import { apiPath, post, type Document } from '../api.ts';
import { confirm } from '../confirming.ts';
import type { WordKey } from '../words/en.ts';
import { t } from '../words/language.ts';

/** Why it cannot be removed as it stands; null where the host may be asked to. The host looks again by itself. */
export function removalForbidden({ isLocked, processes, state }: Leftover): WordKey | null {
  if (state === 'removing') return null;
  if (!isLocked || state !== 'revoked') return 'leftovers.lockFirst';
  return processes !== null && processes > 0 ? 'leftovers.runs' : null;
}

/** There is nothing left to lock. */
export function isLockedByUs({ isLocked, state }: Leftover): boolean {
  return (isLocked && state === 'revoked') || state === 'removing' || state === 'removed';
}

export type Goes = (path: string) => void;

export function askToLock({ host, account, processes }: Leftover, go: Goes): void {
  confirm({
    title: t('leftovers.lock.title', { account, host }),
    lines: [
      t('leftovers.lock.does'),
      t('leftovers.lock.stays'),
      ...(processes !== null && processes > 0 ? [t('leftovers.lock.runs', { n: processes })] : []),
    ],
    label: t('leftovers.lock'),
    perform: async (reason) => {
      const wish = { kind: 'revoke', account: { name: account }, hosts: [host] };
      go(await submit({ ...wish, ...(reason === null ? {} : { reason }) }));
    },
  });
}

export function askToRemove({ host, account, filesElsewhere, crontab }: Leftover, go: Goes): void {
  const files = filesElsewhere?.count ?? 0;
  confirm({
    title: t('leftovers.remove.title', { account, host }),
    lines: [
      t('leftovers.remove.archives', { account }),
      ...(crontab === true ? [t('leftovers.remove.crontab')] : []),
      t('leftovers.remove.removes', { account }),
      ...(files > 0 ? [t('leftovers.remove.files', { n: files })] : []),
      t('leftovers.remove.refuses'),
    ],
    typed: { label: t('confirm.typeName', { account }), word: account },
    label: t('leftovers.remove'),
    perform: async (reason) => {
      const wish = { kind: 'remove', account: { name: account }, hosts: [host], confirm: account };
      go(await submit({ ...wish, ...(reason === null ? {} : { reason }) }));
    },
  });
}

/** `done`: after it is kept, or no longer. */
export function askToKeep({ host, account, decision }: Leftover, done: () => Promise<void>): void {
  const keep = decision === null;
  confirm({
    title: t(keep ? 'leftovers.keep.title' : 'leftovers.undo.title', { account, host }),
    lines: [t(keep ? 'leftovers.keep.does' : 'leftovers.undo.does')],
    needsReason: keep,
    label: t(keep ? 'leftovers.keep' : 'leftovers.undo'),
    perform: async (reason) => {
      await post(apiPath('leftovers'), { host, account, keep, ...(reason === null ? {} : { reason }) });
      await done();
    },
  });
}

/** The path of what it became. */
async function submit(body: object): Promise<string> {
  const { item } = await post<Document<PushView>>('api/v1/pushes', body);
  return `/pushes/${encodeURIComponent(item.id)}`;
}
