/**
 * Somebody with a browser before the page's port: signs in, keeps the cookie, and proves where its requests come from.
 * It never follows a redirect by itself: a test looks where it leads.
 */
import { callSocket, json, send, type Answer, type Call, type FakeSupervisor } from './fakeSupervisor.ts';

export const PASSWORD = 'correct horse battery';

export interface VisitorOptions {
  /** What the browser has in its address bar; else where the page listens. */
  readonly origin?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where it connects to; else the page's port on loopback. */
  readonly where?: object;
}

export class Visitor {
  readonly origin: string;
  cookie = '';
  readonly #where: object;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(fake: FakeSupervisor, { origin, headers = {}, where }: VisitorOptions = {}) {
    this.origin = origin ?? `http://127.0.0.1:${String(fake.port)}`;
    this.#where = where ?? { host: '127.0.0.1', port: fake.port };
    this.#headers = { host: new URL(this.origin).host, ...headers };
  }

  call(call: Call): Promise<Answer> {
    const cookie: Record<string, string> = this.cookie === '' ? {} : { cookie: this.cookie };
    return send(this.#where, { ...call, headers: { ...this.#headers, ...cookie, ...call.headers } });
  }

  open(path: string): Promise<Answer> {
    return this.call({ path, headers: { accept: 'text/html,application/xhtml+xml' } });
  }

  async form(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    const answer = await this.call({
      method: 'POST',
      path,
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: this.origin },
    });
    const given = answer.headers['set-cookie'];
    if (given !== undefined) this.cookie = String(given).split(';')[0] ?? '';
    return answer;
  }

  signIn(name: string, password = PASSWORD, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.form('/login', { name, password, ...more });
  }

  api(method: string, path: string, body?: object): Promise<Answer> {
    const sent = body === undefined ? { headers: {} } : json(body);
    const proof = { origin: this.origin, 'garrison-request': '1' };
    return this.call({ method, path, ...sent, headers: { ...sent.headers, ...proof } });
  }
}

export async function addUser(fake: FakeSupervisor, name: string, role = 'view'): Promise<void> {
  const answer = await callSocket(fake, {
    method: 'POST',
    path: '/api/v1/users',
    ...json({ name, role, password: PASSWORD }),
  });
  if (answer.status !== 201) throw new Error(answer.text);
}

/** The text of the refusal on the sign-in page; empty when there is none. */
export function alertsOf({ text }: Answer): string {
  return [...text.matchAll(/role="alert">([^<]*)</g)].map(([, words = '']) => words.trim()).join(' ');
}
