/**
 * A project of docker-compose v1 (Debian's), run against a dockerd of a test's own, as people run it: by its command line.
 * Its labels tell nothing of who depends on whom; that stands in docker-compose.yml alone.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import type { TestDockerd } from './dockerd.ts';
import { IMAGE, standInHealthCheck, standInScript, type HealthCheck, type StandIn } from './dockerImages.ts';
import type { Said } from './onHost.ts';

export interface ComposeService {
  readonly standIn: StandIn;
  /** Each must be healthy before compose starts this one. */
  readonly dependsOn?: readonly string[];
  readonly check?: Omit<HealthCheck, 'test'>;
  readonly labels?: Readonly<Record<string, string>>;
  /** `container_name`; compose's own is PROJECT_SERVICE_1. */
  readonly containerName?: string;
  readonly networkMode?: string;
  readonly restart?: 'no' | 'always' | 'unless-stopped';
}

export interface ComposeRequest {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
}

/** What compose v1 puts on each container it makes; `config-hash` besides. */
export interface ComposeLabels {
  readonly 'com.docker.compose.project': string;
  readonly 'com.docker.compose.service': string;
  readonly 'com.docker.compose.container-number': string;
  readonly 'com.docker.compose.oneoff': string;
  /** As on the command line: relative to `working_dir`. */
  readonly 'com.docker.compose.project.config_files': string;
  readonly 'com.docker.compose.project.working_dir': string;
  readonly 'com.docker.compose.version': string;
}

const RUN_DEADLINE_MS = 60_000;

export class ComposeProject {
  /** Where docker-compose.yml lies. */
  readonly folder: string;
  readonly #dockerd: TestDockerd;
  readonly #request: ComposeRequest;

  /** Writes docker-compose.yml; starts nothing. The image must be in the dockerd, which also ends what the project starts. */
  constructor(dockerd: TestDockerd, request: ComposeRequest) {
    this.#dockerd = dockerd;
    this.#request = request;
    this.folder = join(dockerd.folder, 'projects', request.name);
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, 'docker-compose.yml'), composeFile(request));
  }

  /** `docker-compose up -d`. */
  up(): Promise<Said> {
    return this.run('up', '-d');
  }

  /** Any docker-compose command, in the project's folder; it never throws because of what it says. */
  run(...args: string[]): Promise<Said> {
    const env = { ...process.env, DOCKER_HOST: this.#dockerd.url, HOME: this.folder, LC_ALL: 'C.UTF-8' };
    return new Promise((resolve) => {
      execFile(
        'docker-compose',
        args,
        { cwd: this.folder, env, timeout: RUN_DEADLINE_MS },
        (error, stdout, stderr) => {
          const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ exitCode, stdout, stderr });
        },
      );
    });
  }

  /** By the name it has in docker-compose.yml, whether it is there or not. */
  container(service: string): Dockerode.Container {
    const { name, services } = this.#request;
    return this.#dockerd.dockerode().getContainer(services[service]?.containerName ?? `${name}_${service}_1`);
  }
}

/** JSON is YAML. Compose replaces what a $ stands before. */
function composeFile(request: ComposeRequest): string {
  const services = Object.entries(request.services).map(([name, service]) => [name, inCompose(service)]);
  const file = { version: '2.4', services: Object.fromEntries(services) as object };
  return JSON.stringify(file, null, 2).replaceAll('$', '$$$$');
}

function inCompose(service: ComposeService): object {
  const check = standInHealthCheck(service.standIn, service.check);
  const dependsOn = (service.dependsOn ?? []).map((name) => [name, { condition: 'service_healthy' }]);
  return {
    image: IMAGE,
    ...(service.containerName === undefined ? {} : { container_name: service.containerName }),
    network_mode: service.networkMode ?? 'host',
    restart: service.restart ?? 'no',
    command: ['sh', '-c', standInScript(service.standIn)],
    labels: { ...service.labels },
    depends_on: Object.fromEntries(dependsOn) as object,
    healthcheck: {
      test: ['CMD-SHELL', check.test],
      interval: `${String(check.intervalMs ?? 300)}ms`,
      timeout: `${String(check.timeoutMs ?? 2000)}ms`,
      retries: check.retries ?? 1,
      start_period: `${String(check.startPeriodMs ?? 0)}ms`,
    },
  };
}
