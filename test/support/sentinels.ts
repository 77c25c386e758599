/**
 * A master, a replica and three sentinels for a test, all with passwords and all its own.
 * It says who is master only by the nodes' own word.
 */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { startNode, type RedisNode } from './redisNodes.ts';
import { tempHome } from './tempHome.ts';
import { until } from './until.ts';

interface Context {
  after(end: () => Promise<void> | void): void;
}

export const REDIS_PASSWORD = 'of-redis-in-this-test-only';
export const SENTINEL_PASSWORD = 'of-sentinels-in-this-test-only';
const ASKED = { password: REDIS_PASSWORD };

export class Sentinels {
  readonly nodes: readonly RedisNode[];
  readonly #sentinels: readonly RedisNode[];
  readonly #files: string;

  private constructor(files: string, nodes: readonly RedisNode[], sentinels: readonly RedisNode[]) {
    this.#files = files;
    this.nodes = nodes;
    this.#sentinels = sentinels;
  }

  static async start(parts: Context): Promise<Sentinels> {
    const common = ['appendonly yes', `requirepass ${REDIS_PASSWORD}`, `masterauth ${REDIS_PASSWORD}`];
    const master = await startNode(parts, { settings: [...common], asked: ASKED });
    const following = [`replicaof 127.0.0.1 ${String(master.port)}`, 'repl-diskless-sync-delay 0'];
    const replica = await startNode(parts, { settings: [...common, ...following], asked: ASKED });
    await until(
      'the replica follows',
      async () => (await replica.info('master_link_status', ASKED)) === 'up',
    );
    const watching = [
      `requirepass ${SENTINEL_PASSWORD}`,
      `sentinel monitor mymaster 127.0.0.1 ${String(master.port)} 2`,
      `sentinel auth-pass mymaster ${REDIS_PASSWORD}`,
      'sentinel down-after-milliseconds mymaster 1000',
      'sentinel failover-timeout mymaster 5000',
    ];
    const sentinels = await Promise.all(
      [1, 2, 3].map(() =>
        startNode(parts, {
          settings: watching,
          args: ['--sentinel'],
          asked: { password: SENTINEL_PASSWORD },
        }),
      ),
    );
    const files = tempHome(parts);
    writeFileSync(join(files, 'redis'), `${REDIS_PASSWORD}\n`, { mode: 0o600 });
    writeFileSync(join(files, 'sentinels'), `${SENTINEL_PASSWORD}\n`, { mode: 0o600 });
    const all = new Sentinels(files, [master, replica], sentinels);
    for (const sentinel of sentinels)
      await until('a sentinel knows the others and the replica', async () => {
        const line = await sentinel.info('master0', { password: SENTINEL_PASSWORD });
        return line?.includes('slaves=1,sentinels=3') === true;
      });
    return all;
  }

  /** For garrison.yaml. */
  get config(): string {
    const addresses = this.#sentinels.map(({ address }) => `"${address}"`).join(', ');
    return [
      'redis:',
      `  sentinels: [${addresses}]`,
      '  name: mymaster',
      `  passwordFile: ${join(this.#files, 'redis')}`,
      `  sentinelPasswordFile: ${join(this.#files, 'sentinels')}`,
    ].join('\n');
  }

  /** The one that says so of itself and is not `not`. */
  master(not?: RedisNode): Promise<RedisNode> {
    return until(
      'one is master',
      async () => {
        const roles = await Promise.all(this.nodes.map((node) => node.info('role', ASKED)));
        return this.nodes.find((node, at) => roles[at] === 'master' && node !== not);
      },
      { deadlineMs: 30_000 },
    );
  }

  /** The killed or stopped one comes back, and what it missed. */
  async rejoin(node: RedisNode): Promise<void> {
    if (node.isRunning) node.signal('SIGCONT');
    else node.startAgain();
    const isBack = async (): Promise<boolean> =>
      (await node.info('role', ASKED)) === 'slave' && (await node.info('master_link_status', ASKED)) === 'up';
    await until('the old master follows the new one', isBack, { deadlineMs: 30_000 });
  }

  /** From now on the replica learns of nothing more, and may be made master all the same. */
  async cutReplica(): Promise<void> {
    const master = await this.master();
    const replica = this.nodes.find((node) => node !== master);
    await replica?.ask((redis) => redis.config('SET', 'masterauth', 'wrong'), ASKED);
    await master.ask((redis) => redis.client('KILL', 'TYPE', 'REPLICA'), ASKED);
    await until(
      'the replica is cut off',
      async () => (await replica?.info('master_link_status', ASKED)) === 'down',
    );
  }

  async mendReplica(): Promise<void> {
    for (const node of this.nodes)
      await node
        .ask((redis) => redis.config('SET', 'masterauth', REDIS_PASSWORD), ASKED)
        .catch(() => undefined);
  }
}
