/**
 * `user add|list|remove|password|role|rename|unlock`: the accounts of the page, and who is locked out of it.
 * It never shows a password and never takes one as an argument.
 */
import { Option, type Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import type { UserView } from '../server/userStore.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { newPassword } from './password.ts';
import { listUsers } from './userList.ts';

interface Why {
  readonly reason?: string;
}

const ROLE = new Option(
  '--role <role>',
  'view: look; operate: also act; admin: also accounts and tokens',
).choices(['view', 'operate', 'admin']);

export function addUserCommands(program: Command): void {
  const user = program.command('user').description('accounts of the page, and who is locked out of it');
  addAdd(user);
  user
    .command('list')
    .description('the accounts, who is locked and until when, and names that were tried but do not exist')
    .action(action('look', (context) => listUsers(context)));
  addRemove(user);
  addPassword(user);
  addRole(user);
  addRename(user);
  addUnlock(user);
}

function verb(user: Command, name: string, description: string): Command {
  return user
    .command(name)
    .description(description)
    .argument('<name>', 'of the account')
    .option('--reason <text>', 'why; kept in the audit journal');
}

function passwordFile(command: Command): Command {
  return command.option('--password-file <file>', 'its first line, instead of asking; readable by you alone');
}

interface PasswordOptions extends Why {
  readonly passwordFile?: string;
}

interface AddOptions extends PasswordOptions {
  readonly role: UserView['role'];
}

function addAdd(user: Command): void {
  const command = verb(user, 'add', 'make an account; its password is asked for on the terminal');
  passwordFile(command)
    .addOption(ROLE.default('view'))
    .action(
      action<AddOptions>('act', async (context, { args, options }) => {
        const [name = ''] = args;
        const { role } = options;
        const password = await newPassword(options.passwordFile ?? null, name);
        const wish = { name, role, password, ...why(options) };
        await addNow(context, wish);
        context.output.note(`account ${name} may sign in to the page with role ${role}`);
        return EXIT.done;
      }),
    );
}

/** Without a supervisor, too: one whose page other machines reach does not start before there is an account. */
async function addNow({ client, home, output }: Context, wish: object): Promise<void> {
  try {
    await client.post(apiPath('users'), wish);
  } catch (error) {
    if (!(error instanceof GarrisonError) || error.code !== 'NO_SUPERVISOR') throw error;
    // Loaded here only: it brings the supervisor's own rooms along.
    const { addOffline } = await import('./userOffline.ts');
    await addOffline(home, wish, ({ name, as, why }) => {
      output.note(`${name} ${why ?? 'was damaged'}: it is now ${as}, and its accounts are gone`);
    });
    output.note(`no supervisor runs in ${home}; the account is there when one does`);
  }
}

function addRemove(user: Command): void {
  verb(user, 'remove', 'take an account away; its sessions end at once').action(
    action<Why>('act', async ({ client, output }, { args, options }) => {
      const [name = ''] = args;
      const query = options.reason === undefined ? '' : `?reason=${encodeURIComponent(options.reason)}`;
      await client.delete(`${apiPath('users', name)}${query}`);
      output.note(`account ${name} is removed, and its sessions have ended`);
      return EXIT.done;
    }),
  );
}

function addPassword(user: Command): void {
  const command = verb(
    user,
    'password',
    'give an account another password; its sessions and its locks end at once',
  );
  passwordFile(command)
    .alias('passwd')
    .action(
      action<PasswordOptions>('act', async ({ client, output }, { args, options }) => {
        const [name = ''] = args;
        const password = await newPassword(options.passwordFile ?? null, name);
        await client.post(apiPath('users', name, 'password'), { password, ...why(options) });
        output.note(`account ${name} has another password, and its sessions and locks have ended`);
        return EXIT.done;
      }),
    );
}

function addRole(user: Command): void {
  verb(user, 'role', 'change what an account may do, at once')
    .addOption(
      new Option(ROLE.flags, ROLE.description).choices(['view', 'operate', 'admin']).makeOptionMandatory(),
    )
    .action(
      action<Why & { role: string }>('act', async ({ client, output }, { args, options }) => {
        const [name = ''] = args;
        await client.post(apiPath('users', name, 'role'), { role: options.role, ...why(options) });
        output.note(`account ${name} has role ${options.role}`);
        return EXIT.done;
      }),
    );
}

function addRename(user: Command): void {
  verb(user, 'rename', 'call an account by another name; its sessions end, and it is not locked')
    .argument('<to>', 'the new name')
    .action(
      action<Why>('act', async ({ client, output }, { args, options }) => {
        const [name = '', to = ''] = args;
        await client.post(apiPath('users', name, 'rename'), { to, ...why(options) });
        output.note(`account ${name} is called ${to}`);
        return EXIT.done;
      }),
    );
}

function addUnlock(user: Command): void {
  verb(user, 'unlock', 'end a lock before it ends by itself')
    .option('--from <address>', 'only for this address, as user list shows it')
    .action(
      action<Why & { from?: string }>('act', async (context, { args, options }) => {
        const [name = ''] = args;
        const from = options.from ?? null;
        return unlock(context, name, { from, ...why(options) });
      }),
    );
}

async function unlock({ client, output }: Context, name: string, body: object): Promise<number> {
  const { item } = (await client.post(apiPath('users', name, 'unlock'), body)) as { item: { ended: number } };
  output.note(
    item.ended === 0
      ? `account ${name} was not locked`
      : `account ${name} is unlocked: ${String(item.ended)} ${item.ended === 1 ? 'lock' : 'locks'} ended`,
  );
  return EXIT.done;
}

function why({ reason }: Why): { reason?: string } {
  return reason === undefined ? {} : { reason };
}
