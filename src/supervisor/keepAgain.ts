/**
 * Remembers whose ends could not be kept on disk, and when that is tried again.
 * It keeps nothing itself.
 */
import { earliest } from '../clock.ts';

const RETRY_KEEP_MS = 5_000;

export class KeepAgain {
  readonly #atMs = new Map<string, number>();

  note(jobId: string, nowMs: number): void {
    this.#atMs.set(jobId, nowMs + RETRY_KEEP_MS);
  }

  forget(jobId: string): void {
    this.#atMs.delete(jobId);
  }

  clear(): void {
    this.#atMs.clear();
  }

  /** Each once. */
  due(nowMs: number): string[] {
    const due = [...this.#atMs].filter(([, atMs]) => atMs <= nowMs).map(([jobId]) => jobId);
    for (const jobId of due) this.#atMs.delete(jobId);
    return due;
  }

  nextMs(): number | null {
    return earliest([...this.#atMs.values()]);
  }
}
