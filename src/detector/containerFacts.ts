/**
 * Says what can be seen of one container at one moment: Docker's word, and the host's word on its first process.
 * It judges nothing; what follows from it is detector/container's to say.
 */

export type DockerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/** Why a container cannot do without another one's life: it joined what that one owns. */
export type Sharing = 'network' | 'ipc' | 'pid' | 'volumes';

export interface Probe {
  /** RFC 3339, by the daemon's clock. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** -1 when it ran into its time limit or the daemon could not run it: which of the two, `output` says. */
  readonly exitCode: number;
  /** At most 4,096 bytes, as Docker keeps it; the container chose every one of them. */
  readonly output: string;
}

export interface Health {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  readonly failingStreak: number;
  /** Oldest first; Docker keeps five. */
  readonly probes: readonly Probe[];
}

/** The health check as configured, with Docker's defaults filled in. */
export interface HealthCheck {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly retries: number;
}

export interface ContainerFacts {
  /** All 64 hexadecimal digits. */
  readonly id: string;
  /** Without the slash that Docker puts before it. */
  readonly name: string;
  readonly image: string;
  /** Of docker compose; null for a container that it did not make. */
  readonly project: string | null;
  readonly service: string | null;
  /** Made by `docker compose run`: it is somebody's one command and never healed. */
  readonly isOneOff: boolean;
  /** The folder on this host that compose ran in; null for a container that it did not make. */
  readonly workingDir: string | null;
  /** The label garrison.heal as it is written; null without it. */
  readonly healLabel: string | null;
  /** The label com.docker.compose.depends_on as it is written; null without it: compose v1 writes none. */
  readonly dependsOnLabel: string | null;
  /** Others' ids or names whose namespace or volumes it has joined. */
  readonly shares: readonly { readonly what: Sharing; readonly with: string }[];
  /** Of its own networks, both families; empty for one that has none of its own. */
  readonly addresses: readonly string[];
  readonly status: DockerStatus;
  /** Of its first process, as the daemon counts pids; 0 while there is none. */
  readonly pid: number;
  /** RFC 3339, by the daemon's clock; the year 1 when it never was. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly exitCode: number;
  readonly restartPolicy: 'no' | 'always' | 'on-failure' | 'unless-stopped';
  /** How long a stop waits before KILL. */
  readonly stopTimeoutMs: number;
  readonly health: Health | null;
  readonly healthCheck: HealthCheck | null;
  /** What /proc says of `pid`; `unseen` where the daemon is on another machine or /proc hides it. */
  readonly process: 'alive' | 'zombie' | 'gone' | 'unseen';
}

/** What would be cut by a restart, as far as it can be seen. */
export interface ContainerSessions {
  /** TCP connections that others have opened to ports its processes listen on; null when they cannot be counted. */
  readonly connections: number | null;
  /** `docker exec` sessions under way, health checks left out. */
  readonly execs: number;
  /** True when somebody who is logged in on this host came in through it. */
  readonly carriesLogin: boolean;
}

/** What must be known of a container before anything is done to it. */
export interface ContainerExamination {
  readonly sessions: ContainerSessions;
  /** True when Garrison itself runs in it. */
  readonly isOwn: boolean;
  /** The command of a docker compose that changes its project right now, such as `docker-compose up -d`; null when there is none. */
  readonly composeAtWork: string | null;
  /** Of the evidence, under incidents/ in the home folder; null when it could not be kept. */
  readonly bundleFile: string | null;
  /** Sentences: what could not be found out, and why. */
  readonly gaps: readonly string[];
}

/** What restarting the Docker daemon would take along, as far as it can be seen. */
export interface DockerExamination {
  /** Containers go on while the daemon is away; null when it did not tell. */
  readonly liveRestore: boolean | null;
  /** Names of containers through which somebody who is logged in on this host came in. */
  readonly loginsThrough: readonly string[];
  /** Established connections and exec sessions of each running container, by name. */
  readonly sessions: readonly { readonly container: string; readonly sessions: ContainerSessions }[];
  /** Why Garrison itself would not survive it, such as that it runs in one of the containers; null when it would. */
  readonly endsUs: string | null;
  /** Sentences: what could not be found out, and why. */
  readonly gaps: readonly string[];
}
