/**
 * `token create|list|revoke` and `sign-in`: who besides the operator may reach the page's port.
 * It never stores a token; it is shown once.
 */
import { Option, type Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import type { Scope, TokenView } from '../server/tokenStore.ts';
import { apiPath } from './client.ts';
import { seconds } from './columns.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { visibleJson } from './output.ts';
import { printList, type ListDocument } from './print.ts';

const MAY: Readonly<Record<Scope, string>> = {
  read: 'read',
  operate: 'read and operate',
  hook: 'hand in alerts, and nothing else',
};

export function addAccessCommands(program: Command): void {
  const token = program.command('token').description('scoped tokens for scripts and Prometheus');
  token
    .command('create')
    .description('make a token and show it, once')
    .argument('<name>', 'what it is for')
    .addOption(
      new Option('--scope <scope>', 'what it may do').choices(['read', 'operate', 'hook']).default('read'),
    )
    .action(
      action<{ scope: Scope }>('act', (context, { args, options }) =>
        create(context, args[0] ?? '', options.scope),
      ),
    );
  token
    .command('list')
    .description('the tokens there are, without their secrets')
    .action(action('look', (context) => list(context)));
  token
    .command('revoke')
    .description('make a token worthless')
    .argument('<name>', 'its name')
    .action(
      action('act', async ({ client, output }, { args }) => {
        await client.delete(apiPath('tokens', args[0] ?? ''));
        output.note(`token ${args[0] ?? ''} is revoked`);
        return EXIT.done;
      }),
    );
  program
    .command('sign-in')
    .description('print a new one-time link to the page')
    .action(action('act', (context) => signIn(context)));
}

async function create({ client, output, format }: Context, name: string, scope: Scope): Promise<number> {
  const document = (await client.post(apiPath('tokens'), { name, scope })) as { item: { token: string } };
  output.data(format === 'json' ? visibleJson(document) : document.item.token);
  output.note(`token ${name} may ${MAY[scope]}; it is not shown again`);
  return EXIT.done;
}

async function list(context: Context): Promise<number> {
  const document = (await context.client.get(apiPath('tokens'))) as ListDocument<TokenView>;
  printList(context, {
    document,
    columns: [
      { title: 'TOKEN', of: (token) => token.name },
      { title: 'SCOPE', of: (token) => token.scope },
      { title: 'CREATED', of: (token) => seconds(token.createdAt) },
    ],
    nameOf: (token) => token.name,
    whenEmpty: 'no tokens',
  });
  return EXIT.done;
}

async function signIn({ client, output, format }: Context): Promise<number> {
  const document = (await client.post(apiPath('sign-in-links'), {})) as { item: { link: string | null } };
  if (document.item.link === null)
    throw new GarrisonError('PAGE_UNAVAILABLE', 'this supervisor serves no page');
  output.data(format === 'json' ? visibleJson(document) : document.item.link);
  output.note('the link signs in once and is good for 15 minutes');
  return EXIT.done;
}
