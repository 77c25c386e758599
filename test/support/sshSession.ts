/**
 * One SSH session that stays open: a shell on a host, asked line by line, as the operator who is logged in would.
 * It ends with the test, and says so when it ended before.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sshShellArguments, type Login, type Target } from './onHost.ts';
import { until } from './until.ts';

export class SshSession {
  readonly #ssh: ChildProcess;
  readonly #lines: string[] = [];
  #asked = 0;

  private constructor(host: Target, login: Login) {
    this.#ssh = spawn('ssh', sshShellArguments(host, login), { stdio: ['pipe', 'pipe', 'inherit'] });
    const output = this.#ssh.stdout;
    if (output !== null) createInterface({ input: output }).on('line', (line) => this.#lines.push(line));
  }

  static async open(
    parts: { after(end: () => Promise<void> | void): void },
    host: Target,
    login: Login,
  ): Promise<SshSession> {
    const session = new SshSession(host, login);
    parts.after(() => session.#close());
    await session.ask('true');
    return session;
  }

  /** What the shell prints for this command, stderr included; throws when the shell does not answer any more. */
  async ask(command: string, deadlineMs = 30_000): Promise<string> {
    this.#asked += 1;
    const mark = `answered-${String(this.#asked)}`;
    const from = this.#lines.length;
    this.#ssh.stdin?.write(`{ ${command}\n} 2>&1 </dev/null\necho; echo ${mark}\n`);
    const answered = (): boolean => {
      if (this.#ssh.exitCode !== null || this.#ssh.signalCode !== null) throw new Error('the session ended');
      return this.#lines.includes(mark, from);
    };
    await until(`the shell answers: ${command}`, answered, { deadlineMs });
    return this.#lines.slice(from, this.#lines.indexOf(mark, from)).join('\n').trim();
  }

  async #close(): Promise<void> {
    if (this.#ssh.exitCode !== null || this.#ssh.signalCode !== null) return;
    const exited = once(this.#ssh, 'exit');
    this.#ssh.stdin?.end();
    await exited;
  }
}
