/**
 * Remembers on which hosts a job's outcome is not known, so that the list of hosts says so until a later job settles it.
 * It judges a host by the last job that the host itself answered, or should have.
 */
import { isFinal, isLook, type JobRecord } from '../push/job.ts';
import type { HostView } from './door.ts';

export class HostMarks {
  readonly #unknown = new Map<string, string>();
  readonly #seen = new Set<string>();

  /** True when a host's mark has changed. */
  note(job: JobRecord): boolean {
    if (!isFinal(job.state) || !tellsOfHost(job)) return false;
    this.#seen.add(job.host);
    const before = this.#unknown.get(job.host);
    if (job.result?.outcome === 'unknown') this.#unknown.set(job.host, job.id);
    else this.#unknown.delete(job.host);
    return this.#unknown.get(job.host) !== before;
  }

  /** Records of earlier lives, newest first: only the first of each host counts. */
  noteEarlier(jobs: readonly JobRecord[]): void {
    for (const job of jobs) if (!this.#seen.has(job.host)) this.note(job);
  }

  apply(hosts: readonly HostView[]): HostView[] {
    return hosts.map((host): HostView => {
      const jobId = this.#unknown.get(host.name);
      if (jobId === undefined) return host;
      const detail = `How job ${jobId} left it is not known: garrison retry ${jobId} reads the host's own record.`;
      return { ...host, state: 'unknown', detail };
    });
  }
}

/** An answer of the host's own script, or the lack of one; a refused connection or a check settles nothing. */
function tellsOfHost({ kind, result }: JobRecord): boolean {
  if (isLook(kind) || result === null) return false;
  return result.outcome !== 'failed';
}
