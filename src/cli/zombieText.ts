/**
 * What people see of zombies besides the table: that they are harmless, who leaves them, and what to do about each.
 * It never prints a command that would end a process.
 */
import type { SweptZombie, ZombieSummary, ZombieView } from '../supervisor/door.ts';
import { groupsOf, HARMLESS, parentText, zombieCount } from '../server/zombieGroups.ts';
import type { Output } from './output.ts';
import { tableLines, type Column } from './table.ts';

/** Fewer are the ordinary run of things, and `status` says nothing of them. */
const HANDFUL = 5;
const PARENTS_TOLD = 10;

const SWEPT_COLUMNS: readonly Column<SweptZombie>[] = [
  { title: 'PID', of: (zombie) => String(zombie.pid) },
  { title: 'NAME', of: (zombie) => zombie.name },
  {
    title: 'OUTCOME',
    of: (zombie) => zombie.outcome,
    tone: ({ outcome }) => (outcome === 'reaped' ? 'good' : 'plain'),
  },
  { title: 'OWNER', of: (zombie) => zombie.owner },
];

/** What was done with each as a table, then once for all alike why one was left and what to do. */
export function printSwept(output: Output, swept: readonly SweptZombie[]): void {
  if (swept.length === 0) return;
  output.data(tableLines(swept, SWEPT_COLUMNS, output).join('\n'));
  const reasons = new Map<string, SweptZombie[]>();
  for (const zombie of swept)
    if (zombie.why !== '') reasons.set(zombie.why, [...(reasons.get(zombie.why) ?? []), zombie]);
  for (const [why, zombies] of [...reasons].slice(0, PARENTS_TOLD))
    output.note(
      `${zombies[0]?.name ?? ''} ${String(zombies[0]?.pid ?? '')}${zombies.length > 1 ? ` and ${String(zombies.length - 1)} more` : ''}: ${why}`,
    );
}

/** Remarks below a table of zombies: once that they are harmless, then what to do, parent by parent. */
export function noteAdvice(output: Output, zombies: readonly ZombieView[]): void {
  if (zombies.length === 0) return;
  output.note(`\n${HARMLESS}`);
  const groups = groupsOf(zombies);
  for (const { parent, count, advice } of groups.slice(0, PARENTS_TOLD))
    output.note(`${parentText(parent)}, ${String(count)}: ${advice}`);
  const more = groups.length - PARENTS_TOLD;
  if (more > 0) output.note(`and ${String(more)} more parents: -o wide tells what to do about each`);
}

/** One line for `status`; none while there is only the ordinary handful. */
export function statusLines(zombies: ZombieSummary): readonly string[] {
  if (zombies.lasting <= HANDFUL) return [];
  return [
    `${zombieCount(zombies)}, harmless: do not kill them or their parents. garrison get zombies says what to do`,
  ];
}
