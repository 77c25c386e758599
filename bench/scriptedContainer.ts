/**
 * One container of a scripted Docker: what list and inspect say of it at a moment, and the events that it makes.
 * There is nothing behind it.
 */
import { createHash } from 'node:crypto';

export interface ContainerScript {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly checkEveryMs: number;
  /** `turns`: from healthy to unhealthy and back at each check. `fails`: never well once `makeSick` was called. */
  readonly health: 'healthy' | 'turns' | 'fails' | 'unhealthy' | 'starting';
}

type Health = 'healthy' | 'unhealthy' | 'starting';

const NANOSECONDS_PER_MS = 1_000_000;
const PROBES_KEPT = 5;
const PROBE_TOOK_MS = 60;
const STARTED_BEFORE_MS = 10_800_000;
/** As long as that of a real one. */
const ENVIRONMENT = Array.from({ length: 30 }, (_, at) => `SOME_VARIABLE_${String(at)}=${'value'.repeat(6)}`);
const LAYERS = `/var/lib/docker/overlay2/${'0123456789abcdef'.repeat(4)}/diff`;

export class ScriptedContainer {
  readonly id: string;
  readonly #script: ContainerScript;
  readonly #tell: (line: object) => void;
  readonly #offsetMs: number;
  #startedMs = Date.now() - STARTED_BEFORE_MS;
  #timer: NodeJS.Timeout | null = null;
  #isSick = false;
  #isRunning = true;
  #lives = 0;

  constructor(script: ContainerScript, tell: (line: object) => void) {
    this.#script = script;
    this.#tell = tell;
    this.id = createHash('sha256').update(script.name).digest('hex');
    // So that the checks of all come spread over the interval.
    this.#offsetMs = parseInt(this.id.slice(0, 8), 16) % script.checkEveryMs;
    if (script.health === 'turns') this.#turnNext();
  }

  health(): Health {
    const { health } = this.#script;
    if (health === 'turns') return this.#checks() % 2 === 0 ? 'healthy' : 'unhealthy';
    if (health !== 'fails') return health;
    if (!this.#isSick) return 'healthy';
    return this.#lastCheckMs() > this.#startedMs ? 'unhealthy' : 'starting';
  }

  makeSick(): void {
    if (this.#script.health !== 'fails') return;
    this.#isSick = true;
    this.#event('health_status: unhealthy');
  }

  die(): void {
    this.#isRunning = false;
    this.#event('die');
  }

  begin(): void {
    this.#isRunning = true;
    this.#lives += 1;
    this.#startedMs = Date.now();
    this.#event('start');
    const firstCheckMs = this.#lastCheckMs() + this.#script.checkEveryMs + 1;
    this.#at(firstCheckMs, () => this.#event('health_status: unhealthy'));
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  listed(): object {
    const { name, labels } = this.#script;
    const forS = Math.floor((Date.now() - this.#startedMs) / 1000);
    const time = forS < 120 ? `${String(forS)} seconds` : `${String(Math.floor(forS / 60))} minutes`;
    const health = this.health();
    const words = health === 'starting' ? 'health: starting' : health;
    return {
      ...{ Id: this.id, Names: [`/${name}`], Image: 'app:1', ImageID: `sha256:${this.id}` },
      ...{ Command: "sh -c 'exec app'", Created: 1_700_000_000, Ports: [], Labels: labels, Mounts: [] },
      State: this.#isRunning ? 'running' : 'exited',
      Status: this.#isRunning ? `Up ${time} (${words})` : 'Exited (137) 1 second ago',
      HostConfig: { NetworkMode: 'none' },
      NetworkSettings: { Networks: { none: { NetworkID: this.id, IPAddress: '' } } },
    };
  }

  inspected(): object {
    const { name, labels, checkEveryMs } = this.#script;
    const [Interval, Timeout] = [checkEveryMs * NANOSECONDS_PER_MS, 2_000 * NANOSECONDS_PER_MS];
    const Healthcheck = { Test: ['CMD-SHELL', 'test -e /healthy'], Interval, Timeout, Retries: 1 };
    return {
      ...{ Id: this.id, Name: `/${name}`, Created: new Date(0).toISOString(), Image: `sha256:${this.id}` },
      State: this.#state(),
      Config: { Image: 'app:1', Env: ENVIRONMENT, Labels: labels, Cmd: ['sh', '-c', 'app'], Healthcheck },
      HostConfig: { NetworkMode: 'none', RestartPolicy: { Name: 'no' }, Binds: [], IpcMode: 'private' },
      GraphDriver: { Name: 'overlay2', Data: { LowerDir: `${LAYERS}:${LAYERS}`, UpperDir: LAYERS } },
      ...{ ExecIDs: null, Mounts: [], NetworkSettings: { Networks: {} } },
    };
  }

  #state(): object {
    const { health } = this.#script;
    const Status = this.health();
    const isWell = Status === 'healthy';
    const lastMs = this.#lastCheckMs();
    const Log = Array.from({ length: PROBES_KEPT }, (_, at) => {
      const startMs = lastMs - (PROBES_KEPT - 1 - at) * this.#script.checkEveryMs;
      const [Start, End] = [startMs, startMs + PROBE_TOOK_MS].map((ms) => new Date(ms).toISOString());
      return { Start, End, ExitCode: isWell ? 0 : 1, Output: 'what a health check says\n'.repeat(4) };
    });
    return {
      ...{ Status: this.#isRunning ? 'running' : 'exited', Running: this.#isRunning },
      ...{ Paused: false, ExitCode: this.#isRunning ? 0 : 137, FinishedAt: new Date(0).toISOString() },
      Pid: !this.#isRunning ? 0 : this.#lives % 2 === 0 ? process.pid : process.ppid,
      StartedAt: new Date(this.#startedMs).toISOString(),
      Health: {
        Status,
        FailingStreak: isWell ? 0 : this.#checks() % 1_000,
        // One that is scripted to be starting has failed in its start period, again and again.
        Log: Status === 'starting' && health === 'fails' ? [] : Log,
      },
    };
  }

  #checks(): number {
    return Math.floor((Date.now() - this.#offsetMs) / this.#script.checkEveryMs);
  }

  #lastCheckMs(): number {
    return this.#checks() * this.#script.checkEveryMs + this.#offsetMs;
  }

  #turnNext(): void {
    this.#at(this.#lastCheckMs() + this.#script.checkEveryMs + 1, () => {
      this.#event(`health_status: ${this.health()}`);
      this.#turnNext();
    });
  }

  #at(wallMs: number, then: () => void): void {
    this.end();
    this.#timer = setTimeout(then, Math.max(1, wallMs - Date.now()));
  }

  #event(Action: string): void {
    const { name, labels } = this.#script;
    const timeNano = Date.now() * NANOSECONDS_PER_MS;
    const time = Math.floor(Date.now() / 1000);
    const Actor = { ID: this.id, Attributes: { ...labels, name, image: 'app:1' } };
    this.#tell({ Type: 'container', Action, Actor, scope: 'local', time, timeNano });
  }
}
