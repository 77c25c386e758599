/**
 * An image that needs no registry (static busybox and nothing else), containers of it, and stand-ins for the incident's services.
 * What runs in them listens on 127.0.0.1 only.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { until } from './until.ts';

export const IMAGE = 'garrison-test:1';

export interface HealthCheck {
  /** For sh; it is healthy when this ends with 0. */
  readonly test: string;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly startPeriodMs?: number;
}

export interface ContainerRequest {
  readonly name: string;
  readonly image?: string;
  /** For sh, which is the container's first process; without it the container just waits, and ends when told to. */
  readonly script?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly healthCheck?: HealthCheck;
  readonly networkMode?: 'host' | 'none' | `container:${string}`;
  readonly restartPolicy?: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** Docker's own init as first process, above the script. */
  readonly init?: boolean;
  /** `FOLDER:PATH[:ro]`. */
  readonly binds?: readonly string[];
}

/** Puts the image into this dockerd. */
export async function importImage(docker: Dockerode, name: string = IMAGE): Promise<void> {
  const [repo, tag = 'latest'] = name.split(':');
  const answer = await docker.importImage(Readable.from([imageTar()]), { repo, tag });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(answer, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** Creates and starts it; the image must be there. */
export async function runContainer(
  docker: Dockerode,
  request: ContainerRequest,
): Promise<Dockerode.Container> {
  const { healthCheck } = request;
  const container = await docker.createContainer({
    name: request.name,
    Image: request.image ?? IMAGE,
    Cmd: ['sh', '-c', request.script ?? WAIT],
    Labels: { ...request.labels },
    ...(healthCheck === undefined ? {} : { Healthcheck: engineHealthCheck(healthCheck) }),
    HostConfig: {
      NetworkMode: request.networkMode ?? 'host',
      RestartPolicy: { Name: request.restartPolicy ?? 'no' },
      Init: request.init ?? false,
      Binds: [...(request.binds ?? [])],
    },
  });
  await container.start();
  return container;
}

/** `starting`, `healthy`, `unhealthy`; `none` without a health check. */
export async function healthOf(container: Dockerode.Container): Promise<string> {
  return (await container.inspect()).State.Health?.Status ?? 'none';
}

export async function untilHealth(
  container: Dockerode.Container,
  health: 'starting' | 'healthy' | 'unhealthy',
  deadlineMs = 15_000,
): Promise<void> {
  await until(
    `${container.id.slice(0, 12)} is ${health}`,
    async () => (await healthOf(container)) === health,
    {
      deadlineMs,
      everyMs: 50,
    },
  );
}

/** Runs a script in the container and gives back what it said; throws when it fails. */
export async function runInside(container: Dockerode.Container, script: string): Promise<string> {
  const exec = await container.exec({
    Cmd: ['sh', '-c', script],
    AttachStdout: true,
    AttachStderr: true,
    Tty: true,
  });
  const stream = await exec.start({ Tty: true });
  const said: Buffer[] = [];
  for await (const chunk of stream) said.push(chunk as Buffer);
  const text = Buffer.concat(said).toString().replaceAll('\r\n', '\n').trim();
  const { ExitCode } = await until('the exec has ended', async () => {
    const state = await exec.inspect();
    return state.Running ? null : state;
  });
  if (ExitCode !== 0) throw new Error(`exit ${String(ExitCode)} of: ${script}: ${text}`);
  return text;
}

/** A service of the incident. Its health check is `standInHealthCheck`, its first process `standInScript`. */
export interface StandIn {
  /**
   * - `from each start`: a restart heals it; `setHealthy` breaks it.
   * - `from the second start`: unhealthy at first, and a restart heals it.
   * - `when told`: only by `setHealthy`, whatever is restarted.
   * - `never`: each start makes it unhealthy.
   * - `whileHealthy`: while the stand-in that answers at that port is healthy: it recovers by itself, and needs no restart.
   */
  readonly healthy:
    'from each start' | 'from the second start' | 'when told' | 'never' | { readonly whileHealthy: number };
  /** A port of 127.0.0.1 where others see whether it is healthy, and where `openSession` finds it. Needs the host's network. */
  readonly answersAt?: number;
  readonly onStop?: 'ends' | 'hangs';
}

/** First process of a stand-in. */
export function standInScript(standIn: StandIn): string {
  const server =
    standIn.answersAt === undefined ? '' : `httpd -f -p 127.0.0.1:${String(standIn.answersAt)} -h /srv &`;
  return [
    'echo start >>/srv/starts',
    atStart(standIn.healthy),
    server,
    standIn.onStop === 'hangs' ? HANG : WAIT,
  ]
    .filter(Boolean)
    .join('\n');
}

/** Its health check, with as many retries and as often as told. */
export function standInHealthCheck({ healthy }: StandIn, more: Omit<HealthCheck, 'test'> = {}): HealthCheck {
  const test =
    typeof healthy === 'string'
      ? `test -e ${HEALTHY}`
      : // What stands behind this one asks in the same way.
        `if ${asksAt(healthy.whileHealthy)}; then : >${HEALTHY}; else rm -f ${HEALTHY}; exit 1; fi`;
  return { test, ...more };
}

/** Breaks or heals a stand-in from outside; its next health check sees it. */
export async function setHealthy(container: Dockerode.Container, healthy: boolean): Promise<void> {
  await runInside(container, healthy ? `: >${HEALTHY}` : `rm -f ${HEALTHY}`);
}

/** How often a stand-in was started. */
export async function startsOf(container: Dockerode.Container): Promise<number> {
  return Number(await runInside(container, 'wc -l </srv/starts'));
}

export interface Session {
  /** Lines that have come so far: about ten each second while it lives. */
  readonly lines: () => number;
  readonly isOpen: () => boolean;
  close(): void;
}

/** A TCP session with a stand-in, that lives until either side ends it. */
export async function openSession(port: number): Promise<Session> {
  let lines = 0;
  let open = true;
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (chunk) => (lines += chunk.toString('latin1').split('beat').length - 1));
  socket.on('error', () => (open = false));
  socket.on('end', () => (open = false));
  socket.on('close', () => (open = false));
  socket.write('GET /cgi-bin/session HTTP/1.0\r\n\r\n');
  await until('the session says something', () => lines > 0);
  return {
    lines: () => lines,
    isOpen: () => open,
    close: () => socket.destroy(),
  };
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const HEALTHY = '/srv/healthy';
/** A shell that is the first process hears only what it has a trap for. */
const WAIT = "trap 'exit 0' TERM INT; while :; do sleep 600 & wait $!; done";
const HANG = "trap '' TERM INT; while :; do sleep 600; done";
const SESSION = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nwhile echo beat; do sleep 0.1; done\n";
const NANOSECONDS_PER_MS = 1_000_000;

let tar: Buffer | null = null;

/** Made once for each process. */
function imageTar(): Buffer {
  tar ??= makeTar();
  return tar;
}

function makeTar(): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'g-image-'));
  try {
    for (const folder of ['bin', 'etc', 'dev', 'proc', 'sys', 'tmp', 'srv/cgi-bin']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
    cpSync(busybox, join(root, 'bin/busybox'), { dereference: true });
    const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
    for (const applet of applets) {
      if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    }
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/tmp:/bin/sh\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
    writeFileSync(join(root, 'srv/cgi-bin/session'), SESSION, { mode: 0o755 });
    return execFileSync('tar', ['-C', root, '--owner=0', '--group=0', '-c', '.'], { maxBuffer: 64 << 20 });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function engineHealthCheck(check: HealthCheck): Dockerode.ContainerCreateOptions['Healthcheck'] {
  return {
    Test: ['CMD-SHELL', check.test],
    Interval: (check.intervalMs ?? 300) * NANOSECONDS_PER_MS,
    Timeout: (check.timeoutMs ?? 2000) * NANOSECONDS_PER_MS,
    Retries: check.retries ?? 1,
    StartPeriod: (check.startPeriodMs ?? 0) * NANOSECONDS_PER_MS,
  };
}

function atStart(healthy: StandIn['healthy']): string {
  if (typeof healthy !== 'string') return `rm -f ${HEALTHY}`;
  switch (healthy) {
    case 'from each start':
      return `: >${HEALTHY}`;
    case 'from the second start':
      return `if [ "$(wc -l </srv/starts)" -ge 2 ]; then : >${HEALTHY}; fi`;
    case 'when told':
      return '';
    case 'never':
      return `rm -f ${HEALTHY}`;
  }
}

/** The static busybox has a wget, too, but that ends in a segmentation fault. */
function asksAt(port: number): string {
  return `printf 'GET /healthy HTTP/1.0\\r\\n\\r\\n' | nc -w 1 127.0.0.1 ${String(port)} | grep -q ' 200 '`;
}
