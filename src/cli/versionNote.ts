/**
 * The remark that the supervisor is of another version than the command.
 * It stops nothing: both go on to talk to each other, and what they do not know of each other, they say.
 */
import { ownVersion } from '../version.ts';
import type { Output } from './output.ts';

export function noteVersion(output: Output, supervisor: string): void {
  const own = ownVersion();
  if (supervisor === own) return;
  const next = isOlder(supervisor, own)
    ? 'systemctl restart garrison takes the new one'
    : 'a newer garrison is installed, and this command is the old one';
  output.note(`the supervisor is ${supervisor}, this command ${own}: ${next}`);
}

function isOlder(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { numeric: true }) < 0;
}
