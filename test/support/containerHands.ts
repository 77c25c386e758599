/**
 * The hands that containers are treated with, joined to a watch as the driver joins them, and what they have told.
 * It decides nothing: a test says what is done.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerFacts } from '../../src/detector/containerFacts.ts';
import { ContainerHands } from '../../src/driver/containerHands.ts';
import { DockerCalls } from '../../src/driver/docker.ts';
import type { DockerTarget } from '../../src/driver/dockerTarget.ts';
import { DockerWatch } from '../../src/driver/dockerWatch.ts';
import type { HealNews } from '../../src/reconciler/healNews.ts';
import type { Treatment } from '../../src/reconciler/treatment.ts';
import type { Parts } from './parts.ts';
import { makeTempHome } from './tempHome.ts';
import { until } from './until.ts';

type ExaminedNews = Extract<HealNews, { kind: 'containerExamined' }>;
type Treated = Extract<HealNews, { kind: 'containerTreated' }>;

export class TestHands {
  readonly hands: ContainerHands;
  readonly home: string;
  readonly news: HealNews[] = [];
  readonly docker: { readonly up: boolean; readonly detail: string }[] = [];
  readonly calls: string[] = [];
  readonly seen = new Map<string, ContainerFacts>();

  constructor(parts: Parts, target: DockerTarget) {
    const home = makeTempHome();
    this.home = home.path;
    const onCall = (op: string, outcome: string): unknown => this.calls.push(`${op} ${outcome}`);
    const watch = new DockerWatch(
      { calls: new DockerCalls(target, onCall), relistEveryMs: 10_000, dice: () => 0.5 },
      {
        onListed: (facts) => {
          for (const fact of facts) this.seen.set(fact.id, fact);
        },
        onSeen: (facts) => this.seen.set(facts.id, facts),
        onGone: (id) => this.seen.delete(id),
        onEvent: (event) => this.hands.hear(event),
        onDocker: (up, detail) => this.docker.push({ up, detail }),
        onReconnect: () => undefined,
        onCall,
      },
    );
    this.hands = new ContainerHands({
      homeDir: home.path,
      calls: new DockerCalls(target, onCall),
      watch,
      onNews: (news) => this.news.push(news),
    });
    parts.after(async () => {
      await this.hands.end();
      await watch.end();
      home.remove();
    });
    watch.start();
  }

  static onSocket(parts: Parts, path: string): TestHands {
    return new TestHands(parts, { kind: 'socket', path });
  }

  /** As the watch knows it; waits until it does. */
  async life(id: string): Promise<ContainerFacts> {
    return until(`${id.slice(0, 12)} is seen`, () => this.seen.get(id));
  }

  told<K extends HealNews['kind']>(kind: K): readonly Extract<HealNews, { kind: K }>[] {
    return this.news.filter((news): news is Extract<HealNews, { kind: K }> => news.kind === kind);
  }

  /** With its evidence kept; resolves to what is told of it. */
  async examine(id: string, why = 'a test wants to know'): Promise<ExaminedNews> {
    const earlier = this.told('containerExamined').length;
    this.hands.examine(id, why);
    return until('the examination is told', () => this.told('containerExamined')[earlier]);
  }

  /** The text of the evidence that an examination kept. */
  evidence({ examination }: Pick<ExaminedNews, 'examination'>): string {
    return readFileSync(join(this.home, 'incidents', examination?.bundleFile ?? 'none'), 'utf8');
  }

  /** In the life that `before` names; resolves to what is told of it. */
  async treat(how: Treatment, before: ContainerFacts, deadlineMs = 20_000): Promise<Treated> {
    const earlier = this.told('containerTreated').length;
    const { id, status, pid, startedAt } = before;
    this.hands.treat({ kind: 'treatContainer', id, how, before: { status, pid, startedAt } });
    return until(`${how} is told`, () => this.told('containerTreated')[earlier], { deadlineMs });
  }
}
