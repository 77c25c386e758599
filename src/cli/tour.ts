/**
 * What `npm start` shows: one real push to the practice hosts, the page's link and three commands to try.
 * It never ends the supervisor: a tour that fails says so, and the rest stays up.
 */
import { join } from 'node:path';
import { ensureIdentity } from '../driver/identity.ts';
import type { Ready } from '../main.ts';
import type { HostView, PushView } from '../supervisor/door.ts';
import { apiPath } from './client.ts';
import type { Context } from './context.ts';
import { programWithHome, quoted } from './programName.ts';
import { waitForPush } from './pushWait.ts';

const ACCOUNT = 'demo';
const PUSH_TIMEOUT_MS = 120_000;

export async function showTour(context: Context, ready: Ready): Promise<void> {
  const { output } = context;
  try {
    if (ready.practiceHosts.length > 0) await pushToPracticeHosts(context, ready);
    else showOwnHost(context, ready);
  } catch (error) {
    output.error(error);
  }
  if (ready.signInLink !== null)
    output.data(`\nThe page (this link signs in once, within 15 minutes):\n  ${ready.signInLink}`);
  output.data('\nGarrison runs in the foreground; Ctrl-C ends it and everything it started.');
}

async function pushToPracticeHosts(context: Context, ready: Ready): Promise<void> {
  const { home, client, output } = context;
  const { privateFile, publicKey } = await ensureIdentity(join(home, 'demo_ed25519'));
  const count = String(ready.practiceHosts.length);
  output.data(`Pushing the account ${ACCOUNT} with a key and a sudo rule to ${count} practice hosts:\n`);
  const body = {
    account: { name: ACCOUNT, keys: [publicKey], sudo: 'all' },
    hosts: ready.practiceHosts,
    reason: 'first try',
  };
  const { item } = (await client.post(apiPath('pushes'), body)) as { item: PushView };
  await waitForPush(context, { push: item, timeoutMs: PUSH_TIMEOUT_MS });
  const [first = ''] = ready.practiceHosts;
  const { item: host } = (await client.get(apiPath('hosts', first))) as { item: HostView };
  const garrison = programWithHome(home);
  output.data(
    [
      '\nThree commands to try in another terminal:',
      `  ${garrison} status`,
      `  ${garrison} push alice --to ${ready.practiceHosts.join(' ')} --key ${quoted(`${privateFile}.pub`)}`,
      `  ssh -i ${quoted(privateFile)} -p ${String(host.port)} -o UserKnownHostsFile=${quoted(join(home, 'known_hosts.inventory'))} -o HostKeyAlias=${first} ${ACCOUNT}@${host.address} sudo id`,
    ].join('\n'),
  );
}

/** Where no practice host can be: why, and how to begin with a host of one's own. */
function showOwnHost({ home, output }: Context, ready: Ready): void {
  const garrison = programWithHome(home);
  output.data(
    [
      `There are no practice hosts here: ${ready.practiceProblem ?? 'none were asked for'}`,
      '',
      'To push to a host of your own:',
      `  1. Write ${join(home, 'inventory.yaml')}:`,
      '       hosts:',
      '         web-1: { address: 192.0.2.10, user: root }',
      `  2. Put ${join(home, 'id_ed25519.pub')} into the authorized_keys of that user on that host.`,
      '  3. Start Garrison again, then in another terminal:',
      `       ${garrison} trust web-1`,
      `       ${garrison} check web-1`,
      `       ${garrison} push alice --to web-1 --key ~/.ssh/id_ed25519.pub`,
    ].join('\n'),
  );
}
