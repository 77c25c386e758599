/**
 * `import jumpserver`: takes hosts, groups, accounts and push grants over from a JumpServer into inventory.yaml and grants.yaml.
 * It changes nothing in JumpServer and nothing that the files have, imports no secret, and pushes nothing.
 */
import { Option, type Command } from 'commander';
import { wallTime } from '../clock.ts';
import { readJumpserver } from '../driver/jumpserverReader.ts';
import type { JumpserverVersion } from '../push/jumpserverAnswer.ts';
import { planImport, type ImportPlan } from '../push/jumpserverImport.ts';
import type { Remark } from '../push/jumpserverRemark.ts';
import { timetableText } from '../timetable.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { planFiles, readFiles, writeFiles, type FilesPlanned, type FilesRead } from './importFiles.ts';
import { keysIn, targetOf, type ImportOptions } from './importOptions.ts';
import { countsOf, countText, REMARK_COLUMNS, shownRemarks } from './importText.ts';
import { visibleLines } from './output.ts';
import { printList } from './print.ts';

const VERB = 'import';

export function addImportCommand(program: Command): void {
  const imports = program.command(VERB).description('take hosts and grants over from elsewhere');
  imports
    .command('jumpserver')
    .description(
      'add the hosts, groups, accounts and push grants of a JumpServer to inventory.yaml and grants.yaml',
    )
    .requiredOption('--url <url>', 'of the JumpServer, such as https://jump.example.org')
    .requiredOption('--token-file <file>', 'its API token: TOKEN or "Bearer TOKEN", in a file of mode 0600')
    .option('--ca <file>', 'the CA that signed its certificate, in PEM; no other counts then')
    .option('--org <id>', "the organization to read; default: that of the token's user")
    .option('--keys <folder>', "NAME.pub for each account; JumpServer tells nobody's key")
    .addOption(
      new Option('--name-by <field>', 'what becomes the name of a host')
        .choices(['name', 'address'])
        .default('name'),
    )
    .option('--dry-run', 'show what would be added, and write nothing')
    .action(action<ImportOptions>('act', (context, { options }) => importJumpserver(context, options)));
}

async function importJumpserver(context: Context, options: ImportOptions): Promise<number> {
  const { output } = context;
  const target = targetOf(options);
  const keys = keysIn(options.keys);
  const files = readFiles(context);
  const from = target.base.host;
  const answers = await readJumpserver({
    ...target,
    onList: (what) => output.progress(`reading ${what} of ${from}`),
  });
  const plan = planImport({
    ...{ answers, keys, from, nameBy: options.nameBy, nowWallMs: Date.now() },
    ...{ hosts: files.hosts, grants: files.grants },
  });
  const planned = planFiles(files, plan);
  if (options.dryRun !== true) await writeFiles(context, planned);
  show(context, { from, version: answers.version, dryRun: options.dryRun === true, files, plan, planned });
  return EXIT.done;
}

interface Done {
  readonly from: string;
  readonly version: JumpserverVersion;
  readonly dryRun: boolean;
  readonly files: FilesRead;
  readonly plan: ImportPlan;
  readonly planned: FilesPlanned;
}

const KNOWN_AS: Readonly<Record<JumpserverVersion, string>> = {
  v2: 'v2 (it has system users)',
  v3: 'v3, or a v4 of the first months (it has accounts, and no integration applications)',
  v4: 'v4 (it has accounts and integration applications)',
};

function show(context: Context, done: Done): void {
  const { output, format } = context;
  const { from, version, dryRun, plan, planned } = done;
  const isForPeople = format === 'table' || format === 'wide';
  const document = {
    ...{ apiVersion: 'garrison/v1', kind: 'JumpserverImport', observedAt: wallTime() },
    ...{ from, version, dryRun, counts: countsOf(plan.remarks) },
    added: { 'inventory.yaml': planned.inventory.added, 'grants.yaml': planned.grantsPart.added },
    trust: plan.hosts.map(({ name }) => name),
    items: format === 'json' || format === 'jsonl' ? plan.remarks : shownRemarks(plan.remarks, format),
  };
  if (isForPeople) output.note(`${from} is a JumpServer ${KNOWN_AS[version]}`);
  printList<Remark>(context, {
    ...{ document, columns: REMARK_COLUMNS, nameOf: (remark) => remark.name },
    whenEmpty: 'nothing to add, and nothing to say of what is there',
  });
  if (!isForPeople) return;
  if (dryRun)
    for (const { file, added } of [planned.inventory, planned.grantsPart])
      if (added !== '') output.data(visibleLines(`\n# would be added to ${file}\n${added.trimEnd()}`));
  output.note(countText(plan.remarks));
  sayNext(context, done);
}

const MOST_NAMED = 8;

function sayNext({ output }: Context, { dryRun, plan, files, planned }: Done): void {
  const isChange = planned.inventory.added !== '' || planned.grantsPart.added !== '';
  if (dryRun || !isChange) {
    output.note(dryRun ? 'nothing was written' : 'nothing was changed: it is all there');
    return;
  }
  output.note('no host key and no secret was imported, and nothing is pushed');
  output.note('  next: garrison reload   where a supervisor runs: it then knows the new hosts');
  const names = plan.hosts.map(({ name }) => name);
  const more =
    names.length > MOST_NAMED ? ` and ${String(names.length - MOST_NAMED)} more (-o json: trust)` : '';
  if (names.length > 0) {
    output.note(
      `  next: put Garrison's public key on the new hosts, compare and accept the key of each: garrison trust ${names[0] ?? ''}`,
    );
    output.note(`        new hosts: ${names.slice(0, MOST_NAMED).join(', ')}${more}`);
  }
  output.note('  next: garrison plan --grants   shows what the grants would do; garrison sync does it');
  const sync = timetableText(files.config.grants.sync);
  if (sync !== 'off')
    output.note(`NOTE: grants.sync is ${sync}: a scheduled sync pushes by these grants without being asked`);
}
