/**
 * The status page's part on zombies: who leaves them, that they are harmless, and what to do.
 * It says nothing at all while there are none to speak of.
 */
import type { Door } from '../supervisor/door.ts';
import { html, type Markup } from './html.ts';
import { groupsOf, HARMLESS, parentText, zombieCount } from './zombieGroups.ts';

const PARENTS_SHOWN = 20;

export function zombieSection(door: Door): Markup {
  const { zombies } = door.snapshot();
  // One that is seen only once has just ended, and its parent is about to take note.
  if (zombies.lasting === 0) return html``;
  const groups = groupsOf(door.listZombies());
  const rows = groups.slice(0, PARENTS_SHOWN).map(
    ({ owner, parent, advice, count, names, since }) =>
      html`<tr>
        <td>${count}</td>
        <td>${names.slice(0, 3).join(', ')}</td>
        <td>${parentText(parent)}</td>
        <td>${owner}</td>
        <td><time>${since}</time></td>
        <td>${advice}</td>
      </tr>`,
  );
  const more = groups.length - rows.length;
  return html`<h2>Zombies</h2>
    <p>${zombieCount(zombies)}. ${HARMLESS} ${zombies.limited ?? ''}</p>
    <table>
      <thead>
        <tr>
          <th scope="col">Zombies</th>
          <th scope="col">Program</th>
          <th scope="col">Parent</th>
          <th scope="col">Owner</th>
          <th scope="col">Since</th>
          <th scope="col">What to do</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    ${more > 0 ? html`<p class="quiet">And ${more} more parents: garrison get zombies.</p>` : html``}`;
}
