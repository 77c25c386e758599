/**
 * The reasons of results in Chinese, with what to do next: a reason without Chinese words does not compile.
 * It knows the account and the host only; figures and what a host said stand in the English sentence.
 */
import type { Reason, UnansweredReason } from '../../supervisor/door.ts';
import { fill, type Facts } from './fill.ts';

const UNTOUCHED = '未做任何改动。';
const SEE = '（详见原文）';

/** `{account}` and `{host}` are filled in. */
export const REASON_ZH: Readonly<Record<Reason | UnansweredReason, string>> = {
  AccountPushed: '{host} 上的 {account} 现已符合要求。',
  AlreadyAsWished: '{host} 上的 {account} 本来就符合要求，未做改动。',
  AccountRevoked: '{host} 上的 {account} 已不能登录。主目录、文件和用户组保留；仍在运行的进程数见原文。',
  AlreadyRevoked: '{host} 上的 {account} 此前已回收，未做改动。仍在运行的进程数见原文。',
  AccountReleased:
    'Garrison 加给 {host} 上 {account} 的内容已全部移除。该账号在 Garrison 之前就存在，未被锁定，仍可用其自身的方式登录。',
  AlreadyReleased: '{host} 上的 {account} 已没有 Garrison 加的内容，未做改动。该账号由他人创建，未被锁定。',
  AccountAbsent: '{host} 上没有账号 {account}，未做任何操作。',
  CheckPassed: '{host} 的连接、登录、root 权限和工具均正常。',

  PlanMade: '已查看 {host}：对 {account} 将执行的操作见变更列表。',
  HostChangedSincePlan: '{host} 与制定计划时已不同，未做任何改动。请重新制定计划并查看差异。',
  PlanDiffers: '{host} 上的脚本得出的结果与计划不同，未做任何改动。请重新制定计划。',
  SurveyMade: '已查看 {host} 上由 Garrison 创建的账号（数量见原文）。',

  AccountRemoved:
    '{account} 已从 {host} 移除；其主目录和 crontab 已归档在该主机上（路径见原文），归档不会被自动删除。',
  AccountNotRevoked: `{host} 上的 {account} 不是由 Garrison 的回收操作锁定的，${UNTOUCHED}请先锁定它。`,
  AccountRuns: `{host} 上的 {account} 仍有进程在运行（见原文），${UNTOUCHED}请先在该主机上结束它们，再移除。`,
  HomeUnusual:
    '{host} 上 {account} 的主目录不是明确归其独有的普通目录（链接、属于他人、共用、挂载点，或位于他人可写的目录中），未做任何改动；请在该主机上手工移除。',
  ArchiveNoRoom:
    '{host} 的 /var/lib/garrison 空间不足以归档 {account} 的主目录（大小见原文），未移除任何内容。请腾出空间。',
  ArchiveNotMade:
    '{host} 上 {account} 的主目录无法归档，因此没有移除（原因见原文）。归档时间超过 ssh.totalTimeout 的主目录须手工归档。',
  AccountNotRemoved: '未能在 {host} 上移除 {account}（原因见原文）。主目录保持原样。',

  TaskInvalid: '该任务无法执行（原因见原文）；没有发送任何内容。请更正后重新推送。',
  AccountInUse: '{account} 是 Garrison 在 {host} 上使用的账号，或是 root；绝不改动它。请换一个账号名。',
  IdentityUnusable: '身份文件无法使用（原因见原文）。请为 ssh.identityFile 提供无口令且本进程可读的私钥。',
  SshMissing: '无法启动 ssh 客户端。请在本机安装 openssh-client 和 util-linux。',
  SshFailed: `ssh 在 {host} 上未登录就结束了${SEE}。`,
  AddressUnknown: '{host} 的地址无法解析。请更正 inventory.yaml 或名称服务中的地址。',

  ConnectRefused:
    '{host} 的地址和端口上没有服务在监听（见原文）。请在该主机启动 sshd，或更正 inventory.yaml 中的端口。',
  ConnectTimedOut:
    '{host} 没有在时限内让登录完成。请检查地址是否正确、是否被防火墙丢弃，或其 sshd 是否停滞。',
  HostUnreachable: '{host} 不可达。请检查网络和路由。',
  HostKeyUnknown: '尚未信任 {host} 的主机密钥。请运行 garrison trust {host} 并核对指纹。',
  HostKeyChanged:
    '{host} 的主机密钥与已信任的不同：可能已重装，也可能中间有他人。请先查明原因，再运行 garrison trust {host}。',
  NoCommonAlgorithm: '{host} 与本机的 ssh 客户端没有共同的算法。请更新较旧的一方。',
  ConnectionClosed:
    '{host} 在登录之前关闭了连接。请查看其 sshd 日志：可能已满（MaxStartups）或拒绝本机地址。',
  LoginRefused: '{host} 拒绝登录。请把登录所用密钥的公钥放入登录账号的 authorized_keys（密钥和账号见原文）。',
  CertificateUnusable:
    '{host} 拒绝登录：证书不可用（原因见原文）。请重新签发密钥（ssh-keygen -s），并替换该证书。',
  CertificateRefused:
    '{host} 拒绝登录，尽管证书在有效期内。该主机的 sshd 须在 TrustedUserCAKeys 中信任其 CA，并允许其 principal 用于登录账号（见原文）；请查看其 sshd 日志。',
  AgentUnusable:
    '{host} 拒绝登录：指定的 ssh agent 不可用（原因见原文）。请在该套接字上启动它，并只加入此登录所用的密钥（ssh-add），或改用另一个：ssh.agent 或该主机的 IdentityAgent。',
  ShellUnusable: '{host} 上登录账号的 shell 没有执行 /bin/sh。请为它设置能执行命令的 shell。',
  LoginNeedsSudo: '{host} 上的登录账号不是 root，也没有 sudo。请以 root 登录，或在该主机安装 sudo。',
  SudoWantsPassword: '{host} 上的 sudo 要求输入密码。请为登录账号添加 NOPASSWD 规则。',
  SudoWantsTerminal: '{host} 上的 sudo 要求终端（requiretty）。请在其 sudoers 中为登录账号添加 !requiretty。',
  SudoRefused: '{host} 上的 sudo 不允许登录账号成为 root。请为它添加 NOPASSWD: ALL 规则。',

  HostToolMissing:
    '{host} 缺少工具（名称见原文）。请在该主机安装（passwd 或 shadow、util-linux、coreutils）。',
  StateFolderUnsafe:
    '{host} 的 /var/lib/garrison 不是 root 所有、权限为 0700 的目录。请查明由谁创建，再更正或移除。',
  StateDamaged: '{host} 的 /var/lib/garrison 下有一条记录无法读取，未做改动。请在该主机上查看。',
  StateNotWritten: '{host} 的 /var/lib/garrison 下有一条记录无法写入。请检查文件系统是否已满或只读。',
  RecordNotKept: '{host} 上的 {account} 已符合要求，但结果无法记录在该主机上。请腾出空间后重新推送。',
  HostBusy: '本 Garrison 的另一个任务一直在处理 {host}。请在它完成后重试。',
  HostLockedByOtherCluster: `另一个 Garrison 正在处理 {host}，${UNTOUCHED}请商定由谁管理该主机。`,
  FenceStale: `已有更新的指令到达 {host}，此任务已被取代，${UNTOUCHED}`,
  RequestIncomplete: '指令到达 {host} 时不完整，未执行任何操作。请重试。',
  LookupFailed: `{host} 无法确定 {account} 是否存在（名称服务失败），${UNTOUCHED}请在该主机上检查 getent passwd。`,

  AccountForeign: `{account} 在 {host} 上已存在，且不是由 Garrison 创建的，${UNTOUCHED}请换一个账号名、让人移除该账号，或选择如何处理它：仅添加密钥、收编或接管。`,
  AccountOfOtherCluster: `{host} 上的 {account} 由另一个 Garrison 创建，${UNTOUCHED}请在那里回收；若那个 Garrison 已不存在，请移除该主机上的 /var/lib/garrison/accounts/{account}。`,
  AccountMarkMismatch: `{host} 上的 {account} 已不是 Garrison 创建的那个账号（uid 或 passwd 中的标记不同），${UNTOUCHED}`,
  AccountMarkDamaged: `{host} 上的记录 /var/lib/garrison/accounts/{account} 已损坏，无法判断账号归谁，${UNTOUCHED}`,
  AccountLockedByHand: `{host} 上的 {account} 被他人锁定或已过期，${UNTOUCHED}如需恢复，请在该主机上运行 usermod -U -e "" {account}。`,
  AccountMissing:
    '{host} 上没有账号 {account}，而“仅添加密钥”只用于已存在的账号，未做改动。不选它即可创建账号。',
  AccountOurs: `{host} 上的 {account} 已归 Garrison 管理，而“仅添加密钥”只用于他人的账号，${UNTOUCHED}请不选它，直接推送。`,
  AccountOfSystem: `{host} 上 {account} 的 uid 低于该主机的 UID_MIN：系统账号绝不接管、也绝不移除，${UNTOUCHED}`,
  AccountPrivileged: `{host} 上的 {account} 能成为 root 或属于管理员（依据见原文），${UNTOUCHED}如果确实是它，请明确指名接管。`,
  GroupNameTaken: '{host} 上已有名为 {account} 的用户组，因此无法创建账号。请换一个账号名，或移除该用户组。',
  GroupMissing: '{host} 上没有要求的用户组（名称见原文），未做改动。请在该主机创建，或不要指定它。',
  HomeExists: '{host} 上已有该主目录，新账号 {account} 会接管其中的文件。请移走它，或换一个账号名。',
  HomeMissing: '{host} 上 {account} 的主目录不存在，未做改动。请创建它，并归 {account} 所有。',
  HomeNotOwned: '{host} 上 {account} 的主目录属于他人，未做改动。请更正其所有者。',
  ShellMissing: '{host} 上没有该 shell，或无法执行，未做改动。请安装它，或另选一个。',
  SudoMissing: '{host} 没有 sudo 或 visudo，却要求 sudo 规则，未做改动。请安装 sudo，或不要求 sudo。',
  SudoersNotIncluded:
    '{host} 的 /etc/sudoers 没有包含 /etc/sudoers.d，规则不会生效，未做改动。请添加 @includedir /etc/sudoers.d。',
  SudoersBroken: '{host} 的 sudoers 本来就有错误，未做改动。请用 visudo 修复。',
  SudoFileForeign: `{host} 上 {account} 的 sudoers 文件不是由 Garrison 写入的，${UNTOUCHED}请查看 /etc/sudoers.d 中的该文件。`,
  HostReadOnly:
    '{host} 的 /etc 或 /var/lib 以只读方式挂载，未做改动。请查明原因（dmesg；磁盘错误会导致只读）。',
  HostDiskFull: '{host} 的磁盘已满（/etc、/var/lib 或主目录）。请腾出空间；没有只做一半的改动。',
  KeysUnusual: `{host} 上 {account} 的 .ssh 或 authorized_keys 是链接、不是普通目录或文件，或过大，${UNTOUCHED}请改为普通文件。`,
  KeysUnreadable: `无法以 {account} 自身的身份读取 {host} 上它的密钥（需要 setpriv、runuser 或 su），${UNTOUCHED}`,

  AccountNotCreated: '未能在 {host} 上创建 {account}（原因见原文）。',
  AccountNotChanged: '未能更改 {host} 上 {account} 的 shell 或备注（原因见原文）。',
  AccountNotUnlocked: '未能解锁 {host} 上的 {account}（原因见原文）。',
  AccountNotLocked: '未能锁定 {host} 上的 {account}（原因见原文）。',
  GroupsNotChanged: '未能更改 {host} 上 {account} 的用户组（原因见原文）。',
  KeysNotWritten: '未能写入 {host} 上 {account} 的密钥（原因见原文）。',
  KeysNotRemoved: '{host} 上的 {account} 已锁定，但未能移除其密钥（原因见原文）。',
  SudoNotWritten: '未能写入或移除 {host} 上 {account} 的 sudo 规则（原因见原文）。',
  VerifyFailed: '全部执行后，{host} 上的 {account} 仍不符合要求（不符之处和解决办法见原文）。',

  PasswordKept: `{host} 上的 {account} 是收编来的，保留其原有密码，${UNTOUCHED}推送时不要带密码，或接管该账号（--take-over）。`,
  PasswordNotSet: '未能设置 {host} 上 {account} 的密码（原因见原文）。',

  AccountUndone: '{host} 上的 {account} 已恢复到该次推送之前的样子（详见原文）。',
  AlreadyUndone: '该次推送此前已在 {host} 上撤销，没有更改任何内容。',
  NothingToUndo: `{host} 上没有可用于撤销该次推送的记录：它没有更改任何内容、已被撤销，或早于 {account} 最近的五次推送。${UNTOUCHED}`,
  PushUnfinished: `该次推送在 {host} 上没有完成，无法得知它留下了什么，${UNTOUCHED}请先用 garrison retry 完成那个任务（任务号见原文），然后再撤销。`,
  ChangedSincePush: `{host} 上的 {account} 已不是该次推送留下的样子（不同之处见原文），${UNTOUCHED}请先撤销之后的推送，或手工更改。`,

  Cancelled: '已取消。',
  IdleTimedOut: '{host} 长时间没有任何输出，因此结束了 ssh。',
  TotalTimedOut: '{host} 上的任务超过了总时限，因此结束了 ssh。',
  HostDeadlinePassed: '{host} 上的脚本到时限后被结束。',
  ConnectionLost: '与 {host} 的连接中断（原因见原文）。',
  OutputTooLarge: '{host} 的输出超过任何应答应有的大小，因此结束了 ssh。请查看其登录脚本输出了什么。',
  AnswerInvalid: '{host} 的应答无效。',
  ScriptEnded: '{host} 上的脚本提前结束（退出码见原文）。',

  HostUnknown: 'inventory.yaml 中已没有 {host}，任务没有开始（详见原文）。',
  GrantGone: '授权已不再要求 {host} 上的 {account}，任务已取消（详见原文）。',
  SecretUnreadable: '该任务的密码哈希无法读取，{host} 上没有更改任何内容（原因见原文）。',
  WorkerDiedTooOften: '执行该任务的工作进程多次意外结束，任务不再自动重试；{host} 上的情况未知（详见原文）。',
};

/** Null for a reason of another version. */
export function reasonZh(reason: string, facts: Facts): string | null {
  return Object.hasOwn(REASON_ZH, reason) ? fill(REASON_ZH[reason as Reason], facts) : null;
}
