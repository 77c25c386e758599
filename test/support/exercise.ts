/**
 * The stage of README's exercise "It is 3 a.m.": a bastion of stand-ins whose core is sick, and a Garrison with practice hosts beside it.
 * It ends what it started when it is told to, and touches no other Docker, no other Garrison and no account of the machine.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { ComposeProject, type ComposeService } from './compose.ts';
import { TestDockerd } from './dockerd.ts';
import {
  freePort,
  importImage,
  openSession,
  runContainer,
  setHealthy,
  untilHealth,
  type Session,
  type StandIn,
} from './dockerImages.ts';
import { Garrison } from './garrison.ts';
import { until } from './until.ts';

export interface Stage {
  readonly garrison: Garrison;
  /** Somebody at work in koko, whom a restart of everything would throw out. */
  readonly session: Session;
}

interface Context {
  after(end: () => Promise<void> | void): void;
}

const DEPENDENTS = ['celery', 'koko', 'lion', 'nginx'];
const ORDER = `dependsOn: { ${DEPENDENTS.map((name) => `${name}: [core]`).join(', ')} }`;
const LATER = { deadlineMs: 60_000 };

/** `home` must not be there yet: it is made, and goes with the stage. */
export async function setStage(context: Context, home: string): Promise<Stage> {
  if (existsSync(home)) {
    throw new Error(`${home} is there already: end the exercise that runs, or remove what one left behind`);
  }
  mkdirSync(home, { mode: 0o700 });
  context.after(() => rmSync(home, { recursive: true, force: true }));
  const dockerd = await TestDockerd.start(context);
  await importImage(dockerd.dockerode());
  const session = await sickBastion(context, dockerd);
  const garrison = await Garrison.start(context, {
    home,
    practice: 2,
    config: `workers: { count: 2 }\ncontainers: { socket: ${dockerd.socketPath}, ${ORDER} }`,
  });
  await until('the zombies are counted', () => countsZombies(garrison), LATER);
  return { garrison, session };
}

/** As in the incident: compose v1, which tells nobody who depends on whom; core fails its probe, and the four behind it fail theirs. */
async function sickBastion(context: Context, dockerd: TestDockerd): Promise<Session> {
  const [corePort, kokoPort] = [await freePort(), await freePort()];
  const behindCore = (name: string, more: Partial<StandIn> = {}): ComposeService => ({
    containerName: `jms_${name}`,
    standIn: { healthy: { whileHealthy: corePort }, ...more },
    dependsOn: ['core'],
  });
  const core = { standIn: { healthy: 'from each start', answersAt: corePort } } as const;
  const project = new ComposeProject(dockerd, {
    name: 'jms',
    services: {
      core: { containerName: 'jms_core', ...core },
      celery: behindCore('celery'),
      koko: behindCore('koko', { answersAt: kokoPort }),
      lion: behindCore('lion'),
      nginx: behindCore('nginx'),
    },
  });
  const started = await project.up();
  if (started.exitCode !== 0) throw new Error(`docker-compose up: ${started.stderr}`);
  const session = await openSession(kokoPort);
  context.after(() => session.close());
  // Its first process waits for nobody, so that what its shells leave behind stays as zombies.
  const script = 'for one in 1 2 3; do (sleep 1 &); done; exec sleep 100000';
  await runContainer(dockerd.dockerode(), { name: 'leaky', script, networkMode: 'none' });
  await setHealthy(project.container('core'), false);
  await Promise.all(['core', ...DEPENDENTS].map((name) => untilHealth(project.container(name), 'unhealthy')));
  return session;
}

/** Looked for each half minute; the exercise need not wait for that. */
async function countsZombies(garrison: Garrison): Promise<boolean> {
  await garrison.cli('reap');
  const { stdout } = await garrison.cli('get', 'zombies', '-o', 'name');
  return stdout.trim().split('\n').length >= 3;
}
