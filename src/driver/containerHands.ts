/**
 * Does to containers what was decided, each deed once, and tells what Docker said of it.
 * It has no opinions: whether a container may be touched was decided before, and whether it is well is for others to see.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DockerExamination } from '../detector/containerFacts.ts';
import type { HealNews } from '../reconciler/healNews.ts';
import { treatContainer, type TreatContainer, type Treated } from './containerTreatment.ts';
import type { DockerCalls } from './docker.ts';
import type { DockerEvent } from './dockerEvent.ts';
import { isOnThisMachine } from './dockerTarget.ts';
import type { DockerWatch } from './dockerWatch.ts';
import { examineContainer, type Examined } from './containerExamination.ts';
import { examineDocker } from './dockerExamination.ts';
import { restartDocker } from './dockerRestart.ts';
import { OwnSignals } from './ownSignals.ts';

export interface ContainerHandsParts {
  readonly homeDir: string;
  /** Its own: a watch that ends must not cut off a deed. */
  readonly calls: DockerCalls;
  readonly watch: Pick<DockerWatch, 'look'>;
  readonly onNews: (news: HealNews) => void;
}

/** A container must not be left killed and not started; longer than this nobody waits for our own end. */
const END_WITHIN_MS = 5_000;

export class ContainerHands {
  readonly #parts: ContainerHandsParts;
  readonly #signals: OwnSignals;
  readonly #underWay = new Map<
    string,
    { readonly how: TreatContainer['how']; readonly done: Promise<void> }
  >();

  readonly #looking = new Set<Promise<void>>();
  #restartingDocker = false;

  constructor(parts: ContainerHandsParts) {
    this.#parts = parts;
    this.#signals = new OwnSignals(isOnThisMachine(parts.calls.target));
  }

  look(id: string): void {
    this.#parts.watch.look(id);
  }

  /** What Docker has told; tells `containerSignalled` of a signal that somebody else has had sent. */
  hear(event: DockerEvent): void {
    if (this.#signals.isForeign(event)) this.#parts.onNews({ kind: 'containerSignalled', id: event.id });
  }

  /** Keeps the evidence under incidents/ first; tells `containerExamined`. */
  examine(id: string, why: string): void {
    const { calls, homeDir, onNews } = this.#parts;
    this.#track(
      examineContainer(calls, id, { homeDir, why }).then((examined) => {
        onNews({ kind: 'containerExamined', id, ...examined });
      }),
    );
  }

  /** Tells `containerTreated`, then has the container looked at. */
  treat(action: TreatContainer): void {
    const { id, how } = action;
    const other = this.#underWay.get(id);
    if (other !== undefined) {
      this.#tellTreated(action, { outcome: 'notDone', detail: `another ${other.how} of it is under way` });
      return;
    }
    const begin = (): void => this.#signals.begin(id, how, Date.now());
    const done = treatContainer(this.#parts.calls, action, begin).then((treated) => {
      this.#underWay.delete(id);
      this.#signals.end(id, Date.now());
      this.#tellTreated(action, treated);
      this.look(id);
    });
    this.#underWay.set(id, { how, done });
  }

  /** Tells `dockerRestarted`. */
  restartDocker(): void {
    if (this.#restartingDocker) {
      const detail = 'another restart of Docker is under way';
      this.#parts.onNews({ kind: 'dockerRestarted', isDone: false, detail });
      return;
    }
    this.#restartingDocker = true;
    void restartDocker().then((news) => {
      this.#restartingDocker = false;
      this.#parts.onNews(news);
    });
  }

  /** The same as `examine`, keeping nothing. */
  examineNow(id: string): Promise<Examined> {
    return examineContainer(this.#parts.calls, id, null);
  }

  examineDocker(): Promise<DockerExamination> {
    return examineDocker(this.#parts.calls);
  }

  /** Cuts nothing off in the middle if it can: Docker 24.0.0 to 24.0.6 leaves a container stopped when who asked for its restart hangs up. */
  async end(): Promise<void> {
    const treatments = [...this.#underWay.values()];
    const clock = new AbortController();
    await Promise.race([
      Promise.all(treatments.map(({ done }) => done)),
      sleep(END_WITHIN_MS, undefined, { signal: clock.signal }).catch(() => undefined),
    ]);
    clock.abort();
    this.#parts.calls.end();
    await Promise.all([...this.#underWay.values()].map(({ done }) => done));
    await Promise.all(this.#looking);
  }

  #track(look: Promise<void>): void {
    this.#looking.add(look);
    void look.finally(() => this.#looking.delete(look));
  }

  #tellTreated({ id, how }: TreatContainer, treated: Treated): void {
    this.#parts.onNews({ kind: 'containerTreated', id, how, ...treated });
  }
}
