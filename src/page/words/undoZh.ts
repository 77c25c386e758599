/**
 * The Chinese words of taking a push back, and of a password that it sets.
 * It holds no sentence that the supervisor makes.
 */
import type { undoEn } from './undoEn.ts';

export const undoZh: Readonly<Record<keyof typeof undoEn, string>> = {
  'kind.undo': '撤销',
  'undo.takeBack': '撤销此次推送',
  'undo.not': '不能撤销：',
  'undo.undoes': '撤销的是',
  'undo.undoneBy': '已由此撤销：',
  'undo.of': '撤销 {account} 将执行的操作',
  'undo.do': '在 {n} 台主机上撤销',
  'undo.title': '在 {n} 台主机上撤销 {id}？',
  'undo.does': '在 {n} 台主机上，{account} 恢复到 {id} 之前的样子；由 {id} 创建的账号将被移除。',
  'undo.refuses': '此后被他人改动过的主机会拒绝，不做任何改动。',
  'push.password': '密码：由此次推送设置',
};
