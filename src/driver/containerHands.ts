/**
 * Does to containers what was decided, each deed once, and tells what Docker said of it.
 * It has no opinions: whether a container may be touched was decided before, and whether it is well is for others to see.
 */
import type { ContainerExamination, DockerExamination } from '../detector/containerFacts.ts';
import type { Action } from '../reconciler/action.ts';
import type { HealNews } from '../reconciler/healNews.ts';
import type { DockerWatch } from './dockerWatch.ts';

type TreatContainer = Extract<Action, { kind: 'treatContainer' }>;

export interface Examined {
  readonly examination: ContainerExamination | null;
  readonly detail: string;
}

export class ContainerHands {
  readonly #homeDir: string;
  readonly #watch: DockerWatch;
  readonly #onNews: (news: HealNews) => void;

  constructor(homeDir: string, watch: DockerWatch, onNews: (news: HealNews) => void) {
    this.#homeDir = homeDir;
    this.#watch = watch;
    this.#onNews = onNews;
  }

  look(id: string): void {
    this.#watch.look(id);
  }

  /** Keeps the evidence under incidents/ first; tells `containerExamined`. */
  examine(id: string, why: string): void {
    throw new Error(`not built: ${id} ${why} ${this.#homeDir}`);
  }

  /** Tells `containerTreated`, then has the container looked at. */
  treat(action: TreatContainer): void {
    this.#onNews({ ...action, kind: 'containerTreated', outcome: 'failed', detail: 'not built' });
  }

  /** Tells `dockerRestarted`. */
  restartDocker(): void {
    throw new Error('not built');
  }

  /** The same as `examine`, keeping nothing. */
  async examineNow(id: string): Promise<Examined> {
    throw new Error(`not built: ${id}`);
  }

  async examineDocker(): Promise<DockerExamination> {
    throw new Error('not built');
  }
}
