/**
 * Remembers how to end what was started, and ends it in the opposite order.
 * One ending that fails never keeps the others from running.
 */

export class Ending {
  readonly #steps: { readonly name: string; readonly end: () => Promise<void> | void }[] = [];

  add(name: string, end: () => Promise<void> | void): void {
    this.#steps.push({ name, end });
  }

  /** Ends everything; `onFailure` is told which step failed. Safe to call again: nothing runs twice. */
  async run(onFailure: (name: string, error: unknown) => void): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.end();
      } catch (error) {
        onFailure(step.name, error);
      }
    }
  }
}
