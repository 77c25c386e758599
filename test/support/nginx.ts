/**
 * A real nginx before the page, with the very location that README gives: https outside, one path of a site that has others.
 * It runs in a folder of its own as a child of the test, on loopback alone, and touches nothing of the machine's nginx.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeCertificate } from './frontProxy.ts';
import { until } from './until.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

export interface Nginx {
  readonly origin: string;
  /** Takes a new configuration in without an end, as `nginx -s reload` does; open streams end. */
  configure(options: NginxOptions): Promise<void>;
  end(): Promise<void>;
}

export interface NginxOptions {
  /** More locations: they go before README's, since nginx takes the longest prefix. */
  readonly more?: string;
}

/** README's own snippet, at a port of the test's. */
function readmeLocation(pagePort: number): string {
  const [, snippet = ''] = /```nginx\n([^]*?)```/.exec(README) ?? [];
  if (!snippet.includes('127.0.0.1:7080')) throw new Error('README gives no nginx location any more');
  return snippet.replaceAll('127.0.0.1:7080', `127.0.0.1:${String(pagePort)}`);
}

export async function startNginx(folder: string, port: number, pagePort: () => number): Promise<Nginx> {
  const { certFile, keyFile } = makeCertificate(folder);
  mkdirSync(join(folder, 'temp'));
  const confFile = join(folder, 'nginx.conf');
  let generation = 0;
  const write = ({ more = '' }: NginxOptions): void => {
    generation += 1;
    const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    writeFileSync(
      confFile,
      `daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')};
# Root's temporary folders cannot be entered by nobody, whom the workers would be else.
user ${process.getuid?.() === 0 ? 'root' : 'nobody'};
worker_shutdown_timeout 1s;
events { worker_connections 256; }
http {
  access_log off;
  ${temps.map((name) => `${name}_temp_path ${join(folder, 'temp', name)};`).join('\n  ')}
  server {
    listen 127.0.0.1:${String(port)} ssl;
    ssl_certificate ${certFile};
    ssl_certificate_key ${keyFile};
    location = /generation { return 200 "${String(generation)}"; }
    location / { return 404 "another site lives here"; }
${more}
${readmeLocation(pagePort())}
  }
}
`,
    );
  };
  write({});
  const child = spawn('nginx', ['-e', join(folder, 'error.log'), '-c', confFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await until(`nginx listens ${said}`, async () => {
    if (child.exitCode !== null) throw new Error(said);
    return accepts(port);
  });
  return {
    origin: `https://localhost:${String(port)}`,
    configure: async (options) => {
      write(options);
      child.kill('SIGHUP');
      await until(
        'the new configuration is in force',
        async () => (await generationOf(port)) === String(generation),
      );
    },
    end: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function generationOf(port: number): Promise<string> {
  const options = {
    host: '127.0.0.1',
    port,
    path: '/generation',
    agent: false,
    rejectUnauthorized: false,
  } as const;
  return new Promise((resolve, reject) => {
    get(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

/** A port that was free a moment ago: both nginx and the page it stands before must know it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
