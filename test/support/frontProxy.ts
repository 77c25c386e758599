/**
 * A proxy in front of the page, as nginx is configured for one: https outside, http inside, one path of a site that has others.
 * It holds an answer back until it is whole, unless that asks not to be (X-Accel-Buffering), and adds where a request came from.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface FrontProxy {
  readonly port: number;
  readonly ca: Buffer;
  end(): Promise<void>;
}

export interface ProxyOptions {
  readonly upstreamPort: () => number;
  readonly folder: string;
  /** Takes the path away itself (`proxy_pass http://…/;`), or leaves it on. */
  readonly strips: boolean;
  /** The Host that the page sees: the browser's own, or (as without `proxy_set_header Host`) the page's address. */
  readonly host: 'passed' | 'its own';
}

export const PREFIX = '/garrison/';

/** A certificate for localhost and 127.0.0.1, good for two days. */
export function makeCertificate(folder: string): { certFile: string; keyFile: string } {
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, '-days', '2', ...subject], {
    stdio: 'pipe',
  });
  return { certFile, keyFile };
}

export async function startFrontProxy(options: ProxyOptions): Promise<FrontProxy> {
  const { certFile, keyFile } = makeCertificate(options.folder);
  const cert = readFileSync(certFile);
  const server = createServer({ cert, key: readFileSync(keyFile) }, (incoming, outgoing) => {
    if (incoming.url?.startsWith(PREFIX) === true) pass(options, incoming, outgoing);
    else outgoing.writeHead(404).end('another site lives here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, ca: cert, end: () => close(server) };
}

function pass(
  { upstreamPort, strips, host }: ProxyOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const port = upstreamPort();
  const path = strips ? (incoming.url ?? '').slice(PREFIX.length - 1) : incoming.url;
  const seen = incoming.headers['x-forwarded-for'];
  const forwarded = [...(seen === undefined ? [] : [seen]), incoming.socket.remoteAddress].join(', ');
  const headers = {
    ...incoming.headers,
    host: host === 'passed' ? incoming.headers.host : `127.0.0.1:${String(port)}`,
    'x-forwarded-for': forwarded,
    connection: 'close',
  };
  const inside = request({ host: '127.0.0.1', port, path, method: incoming.method, headers }, (answer) => {
    const isBuffered = answer.headers['x-accel-buffering'] !== 'no';
    if (!isBuffered) {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      return;
    }
    const parts: Buffer[] = [];
    answer.on('data', (part: Buffer) => parts.push(part));
    answer.on('end', () =>
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(Buffer.concat(parts)),
    );
  });
  inside.on('error', () => outgoing.destroy());
  outgoing.on('close', () => inside.destroy());
  incoming.pipe(inside);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
