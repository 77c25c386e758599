/**
 * What an install does on a machine that has nothing, everything, an older one, or somebody else's.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  INSTALL_MARK,
  planInstall,
  planUninstall,
  type MachineFacts,
  type Plan,
  type Wanted,
} from '../../src/reconciler/install.ts';

const SERVICE = '/etc/systemd/system/garrison.service';
const RESCUE = '/etc/systemd/system/garrison-rescue.service';
const SETTINGS = '/etc/garrison/rescue_sshd_config';
const unit = (path: string) =>
  ({ path, content: `# ${INSTALL_MARK}, now`, mode: 0o644, ownership: 'ours', isUnit: true }) as const;
const WANTED: Wanted = {
  folders: [{ path: '/var/lib/garrison', mode: 0o700 }],
  files: [
    unit(SERVICE),
    unit(RESCUE),
    { path: SETTINGS, content: 'Port 2222', mode: 0o644, ownership: 'kept', isUnit: false },
  ],
  hostKey: '/etc/garrison/key',
};
const BARE: MachineFacts = {
  groupExists: false,
  groupHasMembers: false,
  folders: new Set(),
  contents: new Map(),
  hostKeyExists: false,
  hasSystemd: true,
  serviceInUse: false,
  rescueInUse: false,
};
const INSTALLED: MachineFacts = {
  ...BARE,
  groupExists: true,
  folders: new Set(['/var/lib/garrison']),
  contents: new Map(WANTED.files.map(({ path, content }) => [path, content])),
  hostKeyExists: true,
};

const stepsOf = ({ steps }: Plan): string[] =>
  steps.map((step) => {
    if (step.kind === 'writeFile') return `${step.replaces ? 'replace' : 'write'} ${step.file.path}`;
    return 'path' in step ? `${step.kind} ${step.path}` : step.kind;
  });
const withFile = (facts: MachineFacts, path: string, content: string): MachineFacts => ({
  ...facts,
  contents: new Map([...facts.contents, [path, content]]),
});

describe('install', () => {
  it('puts everything on a bare machine, and has systemd read it last', () => {
    assert.deepEqual(stepsOf(planInstall(WANTED, BARE)), [
      'addGroup',
      'makeFolder /var/lib/garrison',
      ...[SERVICE, RESCUE, SETTINGS].map((path) => `write ${path}`),
      'makeHostKey /etc/garrison/key',
      'reload',
    ]);
  });

  it('does nothing where all of it is there', () => {
    assert.deepEqual(planInstall(WANTED, INSTALLED).steps, []);
  });

  it("replaces an older one's, keeps a person's settings, and refuses what is not its own", () => {
    const older = withFile(INSTALLED, SERVICE, `# ${INSTALL_MARK}, once`);
    assert.deepEqual(stepsOf(planInstall(WANTED, older)), [`replace ${SERVICE}`, 'reload']);
    const settled = planInstall(WANTED, withFile(INSTALLED, SETTINGS, 'Port 22'));
    assert.deepEqual([settled.steps, settled.left], [[], [`${SETTINGS} is yours and stays as it is`]]);
    assert.deepEqual(planInstall(WANTED, withFile(INSTALLED, SERVICE, '[Unit]')).foreign, [SERVICE]);
  });

  it('tells no systemd that is not there', () => {
    assert.ok(!stepsOf(planInstall(WANTED, { ...BARE, hasSystemd: false })).includes('reload'));
  });
});

describe('uninstall', () => {
  it('ends the service, removes its own files and an empty group, and leaves folders and settings', () => {
    const plan = planUninstall(WANTED, { ...INSTALLED, serviceInUse: true });
    assert.deepEqual(stepsOf(plan), [
      'disable',
      `removeFile ${SERVICE}`,
      `removeFile ${RESCUE}`,
      'reload',
      'removeGroup',
    ]);
    assert.match(plan.left.join('\n'), /^\/var\/lib\/garrison stays/);
  });

  it('does nothing twice', () => {
    assert.deepEqual(planUninstall(WANTED, BARE).steps, []);
  });

  it('never touches the second way in once a person turned it on, nor what is not its own', () => {
    const foreign = withFile({ ...INSTALLED, rescueInUse: true, groupHasMembers: true }, SERVICE, '[Unit]');
    const plan = planUninstall(WANTED, { ...foreign, serviceInUse: true });
    assert.deepEqual(plan.steps, []);
    assert.match(plan.left.join('\n'), /garrison\.service is not Garrison's own[^]*is turned on and stays/);
  });

  it('has no step that starts or stops the second way in', () => {
    for (const rescueInUse of [true, false]) {
      const facts = { ...INSTALLED, serviceInUse: true, rescueInUse };
      const units = [...planInstall(WANTED, facts).steps, ...planUninstall(WANTED, facts).steps].flatMap(
        (step) => (step.kind === 'disable' ? [step.unit] : []),
      );
      assert.deepEqual([...new Set(units)], ['garrison.service']);
    }
  });
});
