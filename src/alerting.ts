/**
 * Joins what watches for conditions to what sends messages of them, where the configuration names somebody to tell.
 * It holds no rule of either.
 */
import { openChannels } from './alertSettings.ts';
import { now } from './clock.ts';
import type { GarrisonConfig } from './config.ts';
import { readNotices, writeNotices } from './driver/noticeFile.ts';
import { Notifier } from './driver/notify.ts';
import type { Ending } from './ending.ts';
import { messageOf } from './errors.ts';
import type { Survival } from './survival.ts';
import type { Door } from './supervisor/door.ts';
import { NoticeWatch } from './supervisor/noticeWatch.ts';
import type { Report } from './supervisor/publisher.ts';

export interface AlertingNeeds {
  readonly config: GarrisonConfig;
  readonly report: Report;
  readonly ending: Ending;
}

interface WatchNeeds extends AlertingNeeds {
  readonly survival: Survival;
}

const LOOK_EVERY_MS = 1_000;

/** Throws CONFIG_INVALID when a secret cannot be read. */
export function openNotifier({ config, report }: AlertingNeeds): Notifier {
  return new Notifier({
    host: config.host,
    channels: openChannels(config.notify),
    onLost: ({ channel, outcome, what, detail }) => {
      const sentence = `the message "${what}" did not reach ${channel}: ${detail}`;
      report({ level: 'warn', event: 'messageLost', facts: { channel, outcome, detail: sentence } });
    },
  });
}

/** Ends with everything else. */
export function watchConditions(
  notifier: Notifier,
  door: Door,
  { config, report, ending, survival }: WatchNeeds,
): void {
  ending.add('the messages', () => notifier.end());
  if (config.notify.length === 0) return;
  const watch = new NoticeWatch({
    snapshot: () => door.snapshot(),
    containers: () => door.listContainers(),
    earlier: readNotices({ homeDir: config.home, onSetAside: survival.onSetAside }),
    keep: (told) => {
      try {
        writeNotices(config.home, told);
      } catch (error) {
        report({ level: 'warn', event: 'noticesNotKept', facts: { detail: messageOf(error) } });
      }
    },
    tell: (notice) => {
      notifier.tell(notice);
    },
    startedAt: now(),
  });
  const timer = setInterval(() => {
    watch.look(now());
  }, LOOK_EVERY_MS);
  ending.add('the watch for conditions', () => {
    clearInterval(timer);
  });
}
