/**
 * `config check|show|schema`: what the configuration is, and everything wrong with it.
 * It never needs a running supervisor and never changes a file.
 */
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import type { ConfigProblem } from '../configFile.ts';
import { configJsonSchema } from '../configSchema.ts';
import { GarrisonError } from '../errors.ts';
import { readGrants } from '../grantsFile.ts';
import type { Setting } from '../settings.ts';
import { wallTime } from '../clock.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { visibleJson } from './output.ts';
import { printList } from './print.ts';
import type { Column } from './table.ts';

const SETTING_COLUMNS: readonly Column<Setting>[] = [
  { title: 'KEY', of: (setting) => setting.key },
  { title: 'VALUE', of: (setting) => setting.value },
  {
    title: 'FROM',
    of: (setting) => (setting.used ? setting.from : `${setting.from} (no effect in this version)`),
  },
];

export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('look at the configuration');
  config
    .command('check')
    .description('read garrison.yaml, inventory.yaml and grants.yaml, and tell every problem')
    .action(action('look', (context) => check(context)));
  config
    .command('show')
    .description('every value in effect, and where it came from')
    .action(action('look', (context) => show(context)));
  config
    .command('schema')
    .description('the JSON Schema of garrison.yaml, for editors')
    .action(
      action('look', ({ output }) => {
        output.data(JSON.stringify(configJsonSchema(), null, 2));
        return Promise.resolve(EXIT.done);
      }),
    );
}

/** Grants may name them; how many there will be, only `up` knows. */
export const PRACTICE_HOSTS = Array.from({ length: 100 }, (_, index) => ({
  name: `practice-${String(index + 1)}`,
  groups: [],
}));

function check(context: Context): Promise<number> {
  const { output, format, home, configFile } = context;
  try {
    const config = loadConfig({ home, configFile });
    readGrants(home, [...config.hosts, ...PRACTICE_HOSTS]);
    if (format === 'json') output.data(visibleJson(problemList([])));
    else
      output.note(
        `the configuration is good: ${config.file ?? 'no garrison.yaml, so all defaults'}; ${String(config.hosts.length)} hosts`,
      );
    for (const { key, from, used } of config.settings) {
      if (!used && from !== 'default') output.note(`${from}: ${key} has no effect in this version`);
    }
    return Promise.resolve(EXIT.done);
  } catch (error) {
    if (error instanceof GarrisonError && format === 'json') {
      output.data(visibleJson(problemList((error.facts['problems'] ?? []) as readonly ConfigProblem[])));
    }
    throw error;
  }
}

function show(context: Context): Promise<number> {
  const { settings } = loadConfig({ home: context.home, configFile: context.configFile });
  const document = {
    apiVersion: 'garrison/v1',
    kind: 'SettingList',
    observedAt: wallTime(),
    items: settings,
  };
  printList(context, { document, columns: SETTING_COLUMNS, nameOf: (setting) => setting.key, whenEmpty: '' });
  return Promise.resolve(EXIT.done);
}

function problemList(items: readonly ConfigProblem[]): object {
  return { apiVersion: 'garrison/v1', kind: 'ConfigProblemList', observedAt: wallTime(), items };
}
