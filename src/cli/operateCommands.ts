/**
 * `restart`, `stop`, `start`, `quiet` of a worker or a container, `retry` and `cancel` of a job or push, and `reap`.
 * It knows none of the names: the supervisor says which there are.
 */
import type { Command } from 'commander';
import { CONFIGURATION } from '../supervisor/reloadOperation.ts';
import { action } from './context.ts';
import { operate, type OperateOptions } from './operate.ts';
import { waitOptions } from './options.ts';

const RUNNING_VERBS = {
  restart: 'end a worker or a container and start it anew; restart docker --yes restarts the Docker daemon',
  stop: 'end a worker or a container and keep it stopped until a person starts it',
  start: 'start a stopped worker or container, or let a quiet worker take jobs again',
  quiet: 'let a worker finish what it has in hand and take no more',
} as const;

const JOB_VERBS = {
  retry: 'run a finished job, or the jobs of a push that are not done, again',
  cancel: 'cancel a job or all jobs of a push',
} as const;

export function addOperationCommands(program: Command): void {
  for (const [verb, description] of Object.entries(RUNNING_VERBS) as [keyof typeof RUNNING_VERBS, string][]) {
    const usual = verb === 'quiet' ? '90s' : '90s, of a container 5m';
    waitOptions(program.command(verb).description(description), usual)
      .argument(
        '<name>',
        verb === 'quiet' ? 'worker/push-1, or push-1' : 'worker/push-1, container/jms_core, or the bare name',
      )
      .option('--if-incarnation <id>', 'only if the worker is still this one (see: get workers -o wide)')
      .option('-y, --yes', 'do not ask')
      .action(
        action<OperateOptions>('act', (context, { args, options }) =>
          operate(context, { verb, target: args[0] ?? '', options }),
        ),
      );
  }
  for (const [verb, description] of Object.entries(JOB_VERBS) as [keyof typeof JOB_VERBS, string][]) {
    waitOptions(program.command(verb).description(description), '90s')
      .argument('<id>', 'a job or a push')
      .action(
        action<OperateOptions>('act', (context, { args, options }) =>
          operate(context, { verb, target: args[0] ?? '', options }),
        ),
      );
  }
}

export function addReloadCommand(program: Command): void {
  waitOptions(
    program
      .command('reload')
      .description('read the configuration and the inventory anew; a fault in a file changes nothing'),
    '90s',
  ).action(
    action<OperateOptions>('act', (context, { options }) =>
      operate(context, { verb: 'reload', target: CONFIGURATION, options }),
    ),
  );
}

/** Takes no name, no pid and no list of them: it sweeps whatever there is. */
export function addReapCommand(program: Command): void {
  waitOptions(
    program.command('reap').description('sweep zombies now, and say what was done with each'),
    '90s',
  ).action(
    action<OperateOptions>('act', (context, { options }) =>
      operate(context, { verb: 'reap', target: 'zombies', options }),
    ),
  );
}
