/**
 * What the supervisor says, in Chinese, by its codes: a code without Chinese words does not compile.
 * It knows only what the code and its facts tell; figures that stand in the English sentence alone stay there.
 */
import type { OverallFact } from '../../server/sentence.ts';
import type {
  ContainerReason,
  DockerView,
  SelectionWord,
  Snapshot,
  Truth,
  TruthName,
  WorkerReason,
  WorkerState,
  ZombieNext,
  ZombieView,
} from '../../supervisor/door.ts';
import { zh } from './zh.ts';

export interface WorkerFacts {
  readonly state: WorkerState;
  /** Null while it has no process. */
  readonly pid: number | null;
}

type WorkerWords = (process: string, state: WorkerState) => string;

const REPLACED = '做完手上的任务后会被替换。';

export const WORKER_ZH: Readonly<Record<WorkerReason, WorkerWords>> = {
  SpareTookOver: () => '备用进程已接替它，即将开始接收任务。',
  NotStartedYet: () => '尚未启动，即将启动。',
  Spawned: (process) => `${process}已启动，正在等待首次心跳。`,
  Beating: (process) => `${process}正在工作，每秒心跳一次。`,
  Quiet: (process) => `${process}在工作，但按人员要求不接新任务；garrison start 可让它重新接任务。`,
  SlotsFull: (process) => `${process}在工作，槽位已全部占用；有空位后才会接新任务。`,
  JobStuck: (process) =>
    `${process}在工作，但手上有任务没有动静：到时限后会结束该任务的 ssh，工作进程继续运行。`,
  BrokerAway: (process) => `${process}在工作，但 Redis 没有应答；重启无济于事，因此不会重启。`,
  BeatLate: (process) => `${process}没有按时心跳；可能只是繁忙，暂不处理。`,
  Starved: (process) => `${process}没有按时心跳；本机处理器时间不足，不归咎于它。`,
  LoopBlocked: (process) =>
    `${process}的主循环停住了（由它的第二路心跳得知）；若持续，会被替换，任务会重试。`,
  ProcessStopped: (process) => `${process}被信号暂停；会让它继续一次，无效则替换。`,
  Uninterruptible: (process) =>
    `${process}在等待内核（状态 D），任何信号都到不了它：请检查它所用的磁盘或文件系统。`,
  FetchParked: (process, state) =>
    state === 'draining'
      ? `${process}有空位却没有从队列取任务：${REPLACED}`
      : `${process}有空位，也有任务在等待，但它不取；轮到它时会收尾并被替换。`,
  CanaryLate: (process, state) =>
    state === 'draining'
      ? `${process}有空位却没有从队列取任务：${REPLACED}`
      : `${process}有心跳，也有空位，但没有取走队列中的探测任务；轮到它时会收尾并被替换。`,
  NoBeat: (process) => `${process}一直没有心跳；正在结束并替换，任务会重试。`,
  NeverReady: (process) => `${process}启动后一直没有就绪；正在结束并替换。`,
  DrainAsked: (process) => `${process}会做完手上的任务，不再接新任务。`,
  MemoryLimit: (process) => `${process}超过 workers.memoryLimit：${REPLACED}`,
  JobLimit: (process) => `${process}已做满 workers.maxJobs 规定的任务数：${REPLACED}`,
  AgeLimit: (process) => `${process}已达到 workers.maxAge 规定的时长：${REPLACED}`,
  ZombiesHeld: (process) => `${process}没有回收已结束的子进程：${REPLACED}这些子进程随之释放。`,
  StoppedByPerson: () => '已由人员停止；只有 garrison start 才会再启动它。',
  SupervisorStopping: () => '已随监管进程一起结束，也会随它一起启动。',
  Exited: () => '进程已退出；会自动再启动。退出码和再启动的时间见原文。',
  Killed: () => '进程被信号结束；会自动再启动。信号和再启动的时间见原文。',
  SpawnFailed: () => '无法启动；会自动重试。原因和重试的时间见原文。',
  CrashLoop: () => '反复失败：请查看日志中它的最后几行。仍会一直慢速重试，下次时间见原文。',
  ObserverImpaired: (process) => `${process}没有按时心跳，但监管进程自身迟缓，因此不评判任何工作进程。`,
};

export const TRUTH_ZH: Readonly<Record<TruthName, Readonly<Record<Truth['verdict'], string>>>> = {
  process: { ok: '进程在运行', bad: '进程已结束', unknown: '尚未启动' },
  heartbeat: { ok: '每秒心跳一次', bad: '没有按时心跳', unknown: '还没有心跳' },
  broker: {
    ok: '队列有应答，或目前不需要队列',
    bad: 'Redis 没有应答，或该进程长时间没有得到队列的应答',
    unknown: '该进程尚未报告',
  },
  slots: { ok: '有空闲槽位', bad: '槽位已全部占用', unknown: '该进程尚未报告' },
  progress: { ok: '手上没有停滞的任务', bad: '手上有任务没有动静', unknown: '该进程尚未报告' },
};

export const CONTAINER_ZH: Readonly<Record<ContainerReason, string>> = {
  ProbePassed: '健康检查通过',
  NoHealthCheck: '在运行；没有健康检查，因此只知道这些',
  NotProbedYet: '健康检查尚未通过过',
  DockerRestarts: '已结束，Docker 正按重启策略再次启动它（退出码见原文）',
  ProbeFailed: '健康检查失败（次数、退出码和输出见原文）',
  ProbeTimedOut: '健康检查没有按时结束',
  ProbeNotRun: 'Docker 无法执行它的健康检查，这并不说明容器本身有问题',
  Paused: '已暂停；docker unpause 可让它继续',
  Exited: '已结束（退出码见原文）',
  NeverStarted: '已创建，但没有启动',
  BeingRemoved: 'Docker 正在删除它',
  Dead: 'Docker 曾要删除它，但没有成功',
  NoProcess: 'Docker 认为它在运行，但它的进程已不存在：Docker 的状态已过时，重启容器无济于事',
  ProbesStopped: 'Docker 已不再执行它的健康检查，因此显示的状态可能已过时；重启容器可恢复健康检查',
  DockerAway: 'Docker 没有应答，因此不知道它目前的状况',
  BeingTreated: '正在处置（措施和执行者见原文）',
  InQuarantine: '已隔离，等待人工处理（原因见原文）',
};

export const SELECTION_ZH: Readonly<Record<SelectionWord, string>> = {
  heal: '异常时由 Garrison 恢复（由谁决定见原文）',
  observe: '只观察，不恢复（由谁决定见原文）',
  never: '已排除，不恢复（由谁决定见原文）',
  unselected:
    '没有人指定由 Garrison 恢复：标签 garrison.heal=true，或 garrison.yaml 中的 containers.heal、containers.projects 可以指定',
};

export const DOCKER_ZH: Readonly<Record<DockerView['state'], string>> = {
  up: 'Docker 有应答',
  away: 'Docker 没有应答（原因见原文）',
  unknown: '尚未询问过 Docker',
};

export const BRAKE_ZH =
  '多个互不依赖的容器同时异常，问题多半不在它们自身：请检查本机（内存、磁盘、负载）、Docker 守护进程，以及它们共同依赖的 Redis 或数据库等。在此期间 Garrison 一个也不会重启（容器名称见原文）';

export const LIMITED_ZH = '有些进程看不到，其中的僵尸进程也就看不到（原因见原文）。';

const DEAD = '它已结束，无害：只占用一个进程号。';
const ITSELF = '无需处理：';

type ZombieWords = (parent: ZombieView['parent']) => string;

/** What the parent is, and why nobody should touch it. */
function hands({ name, pid }: ZombieView['parent']): string {
  return `${DEAD}请勿杀死它（它已结束）或其父进程 ${name}（进程 ${String(pid)}），以免打断父进程的工作。`;
}

export const ZOMBIE_ZH: Readonly<Record<ZombieNext, ZombieWords>> = {
  GarrisonReaps: () => `${DEAD}${ITSELF}父进程是 Garrison，一秒内就会回收它。`,
  WorkerReaps: () =>
    `${DEAD}${ITSELF}父进程是 Garrison 的工作进程，已要求它回收；如果没有回收，Garrison 会让它做完任务并替换它。`,
  LookAsRoot: ({ pid }) =>
    `${DEAD}不要为此杀死任何进程：只有父进程能回收它。这里看不到父进程（进程 ${String(pid)}）：请以 root 身份查看。`,
  LookOnHost: () =>
    `${DEAD}不要为此杀死任何进程：只有父进程能回收它。父进程在 Garrison 所见的容器之外：请在宿主机上查看。`,
  ParentIsStopped: (parent) =>
    `${hands(parent)}父进程已被暂停（状态 T，由 Ctrl-Z 或调试器造成），因此无法回收：由暂停它的人让它继续，之后它会自行回收。`,
  InitReaps: (parent) => `${hands(parent)}${ITSELF}1 号进程已接管它，即将回收。`,
  InitDoesNotReap: (parent) =>
    `${hands(parent)}1 号进程已接管它，却不像 init 那样回收：如果这是容器，请为它设置“init: true”（tini）；否则应修复该程序。`,
  ContainerInitReaps: (parent) => `${hands(parent)}${ITSELF}父进程是容器的 init，即将回收它。`,
  ContainerInitDoesNotReap: (parent) =>
    `${hands(parent)}父进程是容器的 1 号进程，不回收留给它的进程（例如健康检查留下的）：请在 compose 文件中为该服务设置“init: true”（tini），并在不打断任何人时重新创建。`,
  ContainerProgramNeedsRepair: (parent) =>
    `${hands(parent)}容器中的父进程不回收子进程，多为健康检查留下的：应修复该程序或其健康检查；父进程结束后它们会消失。`,
  SshdReaps: (parent) => `${hands(parent)}${ITSELF}父进程承载 SSH 会话，会自行回收。`,
  ShellReaps: (parent) => `${hands(parent)}${ITSELF}父进程是某人的 shell，下次出现提示符时会回收。`,
  RuntimeReaps: (parent) => `${hands(parent)}${ITSELF}父进程属于容器运行时，会自行回收。`,
  ProgramNeedsRepair: (parent) =>
    `${hands(parent)}该程序的维护者应让它回收子进程；重启该程序可清除它们，但会打断它正在做的一切。`,
};

/** Null for a code that came from a newer or an older version than this page. */
function wordsOf<Code extends string, Words>(table: Readonly<Record<Code, Words>>, code: Code): Words | null {
  return Object.hasOwn(table, code) ? table[code] : null;
}

export function workerZh(reason: WorkerReason, { state, pid }: WorkerFacts): string | null {
  const process = pid === null ? '进程' : `进程 ${String(pid)} `;
  return wordsOf(WORKER_ZH, reason)?.(process, state) ?? null;
}

export function truthZh(name: TruthName, verdict: Truth['verdict']): string | null {
  return wordsOf(TRUTH_ZH, name)?.[verdict] ?? null;
}

export function containerZh(reason: ContainerReason): string | null {
  return wordsOf(CONTAINER_ZH, reason);
}

export function zombieZh(next: ZombieNext, parent: ZombieView['parent']): string | null {
  return wordsOf(ZOMBIE_ZH, next)?.(parent) ?? null;
}

export function redisZh(up: boolean): string {
  return up
    ? 'Redis 有应答'
    : 'Redis 没有应答（原因见原文）。内置的 Redis 由 Garrison 自动重启；外部的 Redis 请检查其服务';
}

export function queueZh({ served, isRedisUp }: { served: boolean; isRedisUp: boolean }): string {
  if (served) return '有工作进程接任务（数量见原文）';
  return isRedisUp
    ? '没有工作进程接任务（各自的情况见原文）；静默或已停止的，可用 garrison start 名称 恢复'
    : 'Redis 没有应答，任务无法派发';
}

export function queueOf({ queue: { served }, redis }: Snapshot): string {
  return queueZh({ served, isRedisUp: redis.up });
}

type OverallWords = {
  readonly [Code in OverallFact['code']]: (fact: Extract<OverallFact, { readonly code: Code }>) => string;
};

export const OVERALL_ZH: OverallWords = {
  SupervisorStarting: ({ since }) => `监管进程正在启动，始于 ${timeZh(since)}。`,
  SupervisorStopping: () => '监管进程正在停止：手上的任务会做完，不再接新任务。',
  RedisDown: ({ since }) => `自 ${timeZh(since)} 起，${redisZh(false)}。`,
  WorkerNotUp: ({ worker, state, reason, since, pid }) =>
    `工作进程 ${worker} 自 ${timeZh(since)} 起${zh[`state.${state}`]}：${workerZh(reason, { state, pid }) ?? ''}`,
  QueueNotServed: ({ isRedisUp }) => `队列无人处理：${queueZh({ served: false, isRedisUp })}。`,
  AllUp: ({ workers }) => `全部 ${String(workers)} 个工作进程在线，队列有工作进程处理。`,
  SupervisorSilent: ({ name, since }) =>
    `自 ${timeZh(since)} 起没有 ${name} 的消息；请在那台机器上查看 garrison status。`,
  SomeQuiet: ({ workers }) =>
    `${workers.join('、')} 按人员要求处于静默：garrison start 名称 可让它重新接任务。`,
  DockerAway: ({ since }) => `自 ${timeZh(since)} 起，${DOCKER_ZH.away}。`,
  BrakeOn: () => `自动恢复已暂缓：${BRAKE_ZH}。`,
  ContainerSick: sickZh,
  MoreSick: ({ count }) => `另有 ${String(count)} 个容器异常：请运行 garrison get containers。`,
  FileSetAside: ({ file, as }) =>
    `文件 ${file} 已损坏，已改名为 ${as} 保留（未删除）：丢失了什么、该怎么做，见原文。`,
  HomeUnwritable: ({ file, since }) =>
    `自 ${timeZh(since)} 起无法写入 ${file}：请为主目录腾出空间或恢复写权限，Garrison 会自动重试。`,
  Maintenance: ({ scope, until, actor }) =>
    `${scope === 'all' ? '全部容器' : scope} 正由 ${actor} 维护，至 ${timeZh(until)}：其间不会自动重启，到时自动结束。`,
  MoreMaintenance: ({ count }) => `另有 ${String(count)} 个范围在维护中：请运行 garrison maintenance list。`,
};

export function overallZh(fact: OverallFact | undefined): string | null {
  if (fact === undefined) return null;
  const words = wordsOf(OVERALL_ZH, fact.code) as ((of: OverallFact) => string) | null;
  return words?.(fact) ?? null;
}

function sickZh(fact: Extract<OverallFact, { readonly code: 'ContainerSick' }>): string {
  const { container, state, reason, since, explains, maintenanceUntil } = fact;
  const is = `容器 ${container} 自 ${timeZh(since)} 起${zh[`state.${state}`]}：${containerZh(reason) ?? ''}`;
  const explained = explains.length === 0 ? '' : `；${explains.join('、')} 的异常可能由它引起`;
  const pause = maintenanceUntil === null ? '' : `；维护至 ${timeZh(maintenanceUntil)}，其间不作处理`;
  return `${is}${explained}${planZh(fact)}${pause}。`;
}

function planZh({
  container,
  state,
  selection,
  hasPlan,
}: Extract<OverallFact, { readonly code: 'ContainerSick' }>): string {
  if (state === 'quarantined')
    return `；下一步：运行 garrison why container/${container}，修复后运行 garrison quarantine clear ${container}`;
  if (hasPlan) return '；正在采取的措施或不作处理的原因见原文';
  return selection === 'heal' ? '' : `；Garrison 不作处理：${SELECTION_ZH[selection]}`;
}

/** With its zone. */
const TIME = new Intl.DateTimeFormat('zh-CN', { dateStyle: 'medium', timeStyle: 'long', hourCycle: 'h23' });

function timeZh(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : TIME.format(ms);
}
