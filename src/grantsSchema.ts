/**
 * Says what may stand in garrison.yaml about doing by itself what the grants want, and what is in effect.
 * Nothing is done by itself unless it is asked for here.
 */
import { z } from 'zod';
import { parseTimetable, timetableText, TIMETABLE_WORDS, type Timetable } from './timetable.ts';

const Schedule = z
  .string(TIMETABLE_WORDS)
  .meta({ pattern: '^(off|every ([0-9]+(ms|s|m|h|d))+|([01][0-9]|2[0-3]):[0-5][0-9])$' })
  .transform((text, context) => {
    const timetable = parseTimetable(text);
    if (timetable !== null) return timetable;
    context.addIssue({ code: 'custom', message: TIMETABLE_WORDS });
    return z.NEVER;
  });

const PERCENT_WORDS = 'must be a share from 0% to 100%, such as 10%';

const Percent = z
  .string(PERCENT_WORDS)
  .regex(/^(?:\d{1,2}|100)%$/, PERCENT_WORDS)
  .transform((text) => Number.parseInt(text, 10));

export const GrantsSection = z.strictObject({
  check: Schedule.prefault('off').describe('look for what somebody changed on the hosts; changes nothing'),
  sync: Schedule.prefault('off').describe('push to the hosts that are not as the grants want'),
  leftovers: Schedule.prefault('off').describe(
    'ask every host which accounts of ours it has; changes nothing',
  ),
  mostTaken: Percent.prefault('10%').describe(
    'a scheduled sync that would take keys, groups or sudo from more than this share of the accounts does nothing',
  ),
});

export type GrantsValues = z.output<typeof GrantsSection>;

export interface GrantsSettings {
  readonly check: Timetable;
  readonly sync: Timetable;
  readonly leftovers: Timetable;
  readonly mostTakenPercent: number;
}

export function grantsInEffect({ mostTaken, ...timetables }: GrantsValues): GrantsSettings {
  return { ...timetables, mostTakenPercent: mostTaken };
}

/** As `config show` has it. */
export function writtenGrants({ check, sync, leftovers, mostTaken }: GrantsValues): Record<string, string> {
  return {
    'grants.check': timetableText(check),
    'grants.sync': timetableText(sync),
    'grants.leftovers': timetableText(leftovers),
    'grants.mostTaken': `${String(mostTaken)}%`,
  };
}
