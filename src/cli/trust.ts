/**
 * `trust HOST`: shows the fingerprints a host answers with, and accepts them when a person says so.
 * It never accepts a key unseen, and never replaces a known key on a mere --yes.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import type { HostView, ScannedHostKey } from '../supervisor/door.ts';
import { askYesNo, canAsk } from './ask.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { visible } from './output.ts';
import { printList, type ListDocument } from './print.ts';

interface TrustOptions {
  readonly fingerprint?: string;
  readonly yes?: boolean;
}

interface Decision {
  readonly host: string;
  readonly fresh: readonly ScannedHostKey[];
  /** The host has a trusted key, and it is none of those it shows now. */
  readonly replaced: boolean;
}

export function addTrustCommand(program: Command): void {
  program
    .command('trust')
    .description("accept a host's key after showing its fingerprint")
    .argument('<host>', 'a host of the inventory')
    .option('--fingerprint <fingerprint>', 'accept exactly this one (SHA256:…), unasked')
    .option('-y, --yes', 'accept what the host shows, unasked; only for a host without a trusted key')
    .action(
      action<TrustOptions>('act', (context, { args, options }) => trust(context, args[0] ?? '', options)),
    );
}

async function trust(context: Context, host: string, options: TrustOptions): Promise<number> {
  const { client, output } = context;
  const scanned = (await client.post(apiPath('hosts', host, 'scan'), {})) as ListDocument<ScannedHostKey>;
  const { item } = (await client.get(apiPath('hosts', host))) as { item: HostView };
  const known = scanned.items.some((key) => key.alreadyTrusted);
  printKeys(context, scanned, host);
  const fresh = scanned.items.filter((key) => !key.alreadyTrusted);
  const { fingerprint } = options;
  const isShown = scanned.items.some((key) => key.fingerprint === fingerprint);
  if (fresh.length === 0 && fingerprint !== undefined && !isShown) {
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      `${host} shows no key with the fingerprint ${fingerprint}; nothing was accepted`,
      {
        cure: 'its keys, listed above, are trusted already; find out where that fingerprint comes from',
      },
    );
  }
  if (fresh.length === 0) {
    output.note(`${host}: its keys are trusted already`);
    return EXIT.done;
  }
  const chosen = await choose(
    context,
    { host, fresh, replaced: item.state === 'trusted' && !known },
    options,
  );
  for (const key of chosen) {
    await client.post(apiPath('hosts', host, 'trust'), { fingerprint: key.fingerprint });
  }
  output.note(`${host}: ${chosen.map((key) => `${key.type} ${key.fingerprint}`).join(', ')} trusted`);
  return EXIT.done;
}

async function choose(
  { output }: Context,
  decision: Decision,
  options: TrustOptions,
): Promise<readonly ScannedHostKey[]> {
  const { host, fresh, replaced } = decision;
  if (options.fingerprint !== undefined) {
    const exact = fresh.filter((key) => key.fingerprint === options.fingerprint);
    if (exact.length > 0) return exact;
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      `${host} shows no new key with the fingerprint ${options.fingerprint}; nothing was accepted`,
      {
        cure: 'find out which machine answers there before trusting it',
      },
    );
  }
  if (replaced)
    output.note(
      `WARNING: ${host} has a trusted key, and shows another now. It was installed anew, or something stands in between.`,
    );
  if (options.yes === true && !replaced) return fresh;
  if (!canAsk()) {
    const why = replaced ? 'the key of a known host has changed' : 'there is no terminal to ask on';
    throw new GarrisonError('REFUSED_BY_GUARD', `${why}; nothing was accepted`, {
      cure: `compare with the host itself, then: garrison trust ${host} --fingerprint SHA256:…${replaced ? '' : ' (or --yes)'}`,
    });
  }
  if (await askYesNo(visible(`Accept for ${host}?`))) return fresh;
  throw new GarrisonError('REFUSED_BY_GUARD', `${host}: not confirmed, nothing was accepted`);
}

function printKeys(context: Context, document: ListDocument<ScannedHostKey>, host: string): void {
  printList(context, {
    document,
    columns: [
      { title: 'HOST', of: () => host },
      { title: 'TYPE', of: (key) => key.type },
      { title: 'FINGERPRINT', of: (key) => key.fingerprint },
      {
        title: 'TRUSTED',
        of: (key) => (key.alreadyTrusted ? 'yes' : 'no'),
        tone: (key) => (key.alreadyTrusted ? 'good' : 'warn'),
      },
      { title: 'KEY', of: (key) => key.line, wide: true },
    ],
    nameOf: (key) => key.fingerprint,
    whenEmpty: `${host} shows no host key`,
  });
}
