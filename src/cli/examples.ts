/**
 * Examples of each command, as its help and the manual page show them.
 * Names in them are made up; a test holds that each is understood by the command that it stands for.
 */
import type { Command } from 'commander';

export interface Example {
  /** Without the program's name. */
  readonly line: string;
  readonly does: string;
}

/** By the words that lead to the command. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  up: [
    { line: 'up', does: 'run the supervisor here, until Ctrl-C' },
    { line: 'up --practice 2', does: 'with two sandboxed hosts on loopback, for a first try' },
  ],
  status: [
    { line: 'status', does: 'how everything is; the exit code says it to scripts' },
    { line: 'status push-1 jms_core', does: 'these two alone' },
    { line: 'status --watch', does: 'on and on, drawn anew at every change' },
  ],
  get: [
    { line: 'get workers -o wide', does: 'all that is known of each, incarnations included' },
    { line: 'get jobs --state failed -q web-', does: 'failed jobs whose host or account has web- in it' },
  ],
  jobs: [
    { line: 'jobs --state queued', does: 'what waits' },
    { line: 'jobs --watch -o jsonl', does: 'each job again whenever it changes, for scripts' },
  ],
  describe: [{ line: 'describe worker push-1', does: 'everything about one worker' }],
  doctor: [
    { line: 'doctor', does: 'what is wrong, what is harmless, and what to do next' },
    { line: 'doctor -o json', does: 'the same for scripts' },
    {
      line: 'doctor --self-test',
      does: 'prove that zombies, orphans and hung workers are handled on this host',
    },
  ],
  why: [
    { line: 'why', does: 'what is wrong now, and since when' },
    { line: 'why push-1', does: 'what led to the state of this worker' },
  ],
  plan: [
    { line: 'plan deploy --to web-1 --key deploy.pub', does: 'what a push would do there' },
    { line: 'plan deploy --from web-1', does: 'what a revoke would do there' },
    { line: 'plan --grants', does: 'what the grants want, host by host, and why' },
  ],
  sync: [
    { line: 'sync --dry-run', does: 'what would be pushed, and which grant wants it' },
    { line: 'sync --to web-1', does: 'push what the grants want there' },
    {
      line: 'sync --check',
      does: 'what somebody changed on the hosts since the last push, and nothing more',
    },
  ],
  push: [
    {
      line: 'push deploy --to web-1 web-2 --key deploy.pub',
      does: 'make the account and its key on two hosts',
    },
    { line: 'push deploy --to web-1 --dry-run', does: 'the plan, and nothing more' },
    {
      line: 'push deploy --to web-1 --password-hash-file deploy.hash',
      does: 'its password, by a crypt hash; the keys are left alone',
    },
    {
      line: 'push deploy --to web-1 --key deploy.pub --keys-only',
      does: 'the key, where somebody else made the account',
    },
    { line: 'push --plan p-0123', does: 'just what that plan showed' },
  ],
  revoke: [{ line: 'revoke deploy --from web-1', does: 'take its access away where Garrison made it' }],
  undo: [
    { line: 'undo p-0123 --dry-run', does: 'what would be given back, host by host' },
    { line: 'undo p-0123 --from web-1', does: 'take that push back on one host; asks for the name' },
  ],
  'leftovers list': [
    { line: 'leftovers', does: 'accounts of ours that no grant wants any more, on all hosts' },
    { line: 'leftovers --on web-1 --all', does: 'on this one, with those that were pushed by hand' },
  ],
  'leftovers keep': [
    { line: 'leftovers keep deploy --on web-1 --reason "until the move"', does: 'it may stay, and why' },
    { line: 'leftovers keep deploy --on web-1 --undo', does: 'take that back' },
  ],
  'leftovers lock': [{ line: 'leftovers lock deploy --on web-1', does: 'lock it; home and files stay' }],
  'leftovers remove': [
    {
      line: 'leftovers remove deploy --on web-1',
      does: 'archive its home there, and remove it; asks for its name',
    },
  ],
  check: [{ line: 'check web-1 web-2', does: 'tell connect, login, sudo and clock apart' }],
  trust: [{ line: 'trust web-1', does: 'show the fingerprint of its host key, and keep it after a yes' }],
  logs: [{ line: 'logs j-0123 -f', does: 'the log of a job from its first second, and what comes' }],
  restart: [
    { line: 'restart push-1 --reason "stuck on web-7"', does: 'a worker; its jobs are finished first' },
    { line: 'restart container/jms_core --dry-run', does: 'what it would interrupt, and nothing more' },
  ],
  stop: [{ line: 'stop push-2', does: 'until a person starts it again' }],
  start: [{ line: 'start push-2', does: 'start it, or let a quiet one take jobs again' }],
  quiet: [{ line: 'quiet push-2', does: 'finish what is in hand, take no more' }],
  retry: [{ line: 'retry p-0123', does: 'the jobs of a push that are not done' }],
  cancel: [{ line: 'cancel p-0123', does: 'all jobs of a push' }],
  reap: [{ line: 'reap', does: 'sweep zombies, and say what was done with each' }],
  reload: [
    { line: 'reload --dry-run', does: 'what would change, and what waits for a restart' },
    { line: 'reload', does: 'put it in force' },
  ],
  recover: [
    { line: 'recover --plan', does: 'the stages, their steps and whom each interrupts, and nothing more' },
    { line: 'recover', does: 'stage by stage, until one of them has cured' },
  ],
  heal: [{ line: 'heal jms_core --plan', does: 'the steps and whom they interrupt, and nothing more' }],
  'quarantine list': [{ line: 'quarantine list', does: 'containers that are left alone, and why' }],
  'quarantine clear': [{ line: 'quarantine clear jms_core', does: 'let it be restarted again' }],
  'maintenance on': [
    { line: 'maintenance on --for 30m --reason "database move"', does: 'nothing is healed until then' },
  ],
  'maintenance off': [{ line: 'maintenance off', does: 'end it early' }],
  'maintenance list': [{ line: 'maintenance list', does: 'what is under maintenance, and until when' }],
  'config check': [{ line: 'config check', does: 'read all files and name the first fault with its line' }],
  'config show': [{ line: 'config show', does: 'every setting in force, and where it comes from' }],
  'config schema': [{ line: 'config schema', does: 'every key, its kind and its default' }],
  'import jumpserver': [
    {
      line: 'import jumpserver --url https://jump.example.org --token-file jump.token --dry-run',
      does: 'what would be added to inventory.yaml and grants.yaml, and what is left out and why',
    },
    {
      line: 'import jumpserver --url https://jump.example.org --token-file jump.token --keys keys',
      does: 'add it; keys holds NAME.pub for each account',
    },
  ],
  'token create': [{ line: 'token create prometheus --scope read', does: 'shown once' }],
  'token list': [{ line: 'token list', does: 'names and scopes; never the tokens' }],
  'token revoke': [{ line: 'token revoke prometheus', does: 'at once' }],
  'sign-in': [{ line: 'sign-in', does: 'a link to the page that works once' }],
  'secrets status': [{ line: 'secrets status', does: 'whether all that rests sealed can be read' }],
  'secrets rotate': [{ line: 'secrets rotate --reason yearly', does: 'a new key; nothing is interrupted' }],
  'user add': [
    { line: 'user add alice --role operate', does: 'an account of the page; asks for its password' },
  ],
  'user list': [{ line: 'user list', does: 'accounts, roles and locks' }],
  'user password': [{ line: 'user password alice', does: 'a new one; ends the sessions of alice' }],
  'user role': [{ line: 'user role alice --role view', does: 'from the next request on' }],
  'user rename': [{ line: 'user rename alice alice.smith', does: 'its sessions end' }],
  'user unlock': [{ line: 'user unlock alice', does: 'before the lock ends by itself' }],
  'user remove': [{ line: 'user remove alice', does: 'the account and its sessions' }],
  install: [
    { line: 'install --dry-run', does: 'what would be put where' },
    { line: 'install', does: 'then: systemctl enable --now garrison' },
  ],
  uninstall: [{ line: 'uninstall --dry-run', does: 'what would be taken away, and what stays' }],
  completion: [{ line: 'completion bash', does: 'for this shell: eval "$(garrison completion bash)"' }],
  man: [{ line: 'man', does: 'to read it: garrison man | man -l -' }],
  version: [{ line: 'version', does: 'of this program, of Node and of the supervisor' }],
};

/** Below the options in each command's help. */
export function addExamples(program: Command): void {
  const visit = (command: Command, path: readonly string[]): void => {
    for (const sub of command.commands) visit(sub, [...path, sub.name()]);
    const lines = exampleLines(EXAMPLES[path.join(' ')] ?? []);
    if (lines.length > 0) command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  };
  visit(program, []);
}

function exampleLines(examples: readonly Example[]): readonly string[] {
  return examples.flatMap(({ line, does }) => [`  garrison ${line}`, `      ${does}`]);
}
