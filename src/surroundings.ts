/**
 * Joins the front door to what lies around the supervisor: the memory of jobs, the hosts, the journal, files and examinations.
 * It holds no rule of any of them.
 */
import { journalFailed } from './boards.ts';
import { wallTime } from './clock.ts';
import { readTakenAlerts, writeTakenAlerts, type TakenAlerts } from './driver/alertFile.ts';
import { readAutopsy } from './driver/autopsy.ts';
import type { Driver } from './driver/driver.ts';
import type { Journal } from './driver/journal.ts';
import { JournalReader } from './driver/journalReader.ts';
import { leftoverBook } from './driver/leftoverFile.ts';
import { secretBox } from './driver/secretKeys.ts';
import { newId } from './driver/newId.ts';
import type { Notifier } from './driver/notify.ts';
import { addLineOnce } from './driver/logLine.ts';
import { logFileOf } from './driver/retention.ts';
import { writeWishes, type Wishes } from './driver/wishFile.ts';
import { wantedNow } from './grantsFile.ts';
import { readAnew } from './reloading.ts';
import type { Joining } from './rooms.ts';
import type { BeatLog } from './supervisor/beatLog.ts';
import type { HistorySamples } from './supervisor/historySamples.ts';
import type { HostMarks } from './supervisor/hostMarks.ts';
import type { Surroundings } from './supervisor/ports.ts';

export interface DoorNeeds {
  readonly joining: Joining;
  readonly driver: Driver;
  readonly marks: HostMarks;
  readonly journal: Journal;
  readonly notifier: Notifier;
  readonly beats: BeatLog;
  readonly samples: HistorySamples;
}

export function surroundings(needs: DoorNeeds): Surroundings {
  const { joining, driver, marks, journal, notifier, beats, samples } = needs;
  const { book, config, logger } = joining;
  const keeps = keepers(joining);
  return {
    alerts: {
      ...config.hooks,
      earlier: readTakenAlerts({ homeDir: config.home, onSetAside: joining.survival.onSetAside }),
      keep: keeps.alerts,
    },
    noticeCounts: () => notifier.counts(),
    memory: driver.store,
    hosts: {
      address: (name) => book.address(name),
      list: () => marks.apply(book.list()),
      scan: (name) => book.scan(name),
      trust: (name, fingerprint) => book.trust(name, fingerprint),
    },
    secrets: secretBox(config.home),
    tellMember: (homeId, message) => driver.fleet?.send(homeId, message),
    audit: (line) => {
      journal.append({ at: wallTime(), ...line });
    },
    note: (line) => {
      journal.note({ at: wallTime(), ...line }, journalFailed(logger));
    },
    past: new JournalReader(config.home),
    ...{ beats, samples, leftovers: leftoverBook(config.home) },
    keepWishes: keeps.wishes,
    readAnew: () => readAnew(config, book),
    wanted: () => wantedNow(config.home, book),
    newId: (prefix) => newId(prefix, Date.now()),
    logFile: (jobId) => logFileOf(config.home, jobId),
    noteInLog: (jobId, line) => {
      addLineOnce(logFileOf(config.home, jobId), line);
    },
    readAutopsy: (file) => readAutopsy(config.home, file),
    ...examining(driver.containers),
  };
}

function examining(
  containers: Driver['containers'],
): Pick<Surroundings, 'examineContainer' | 'examineDocker'> {
  return {
    examineContainer: (id) => containers.examineNow(id),
    examineDocker: () => containers.examineDocker(),
  };
}

/** What is to be on the disk before anything is done. */
function keepers({ config, survival }: Joining): {
  readonly alerts: (taken: readonly TakenAlerts[number][]) => void;
  readonly wishes: (wishes: Wishes) => void;
} {
  return {
    alerts: (taken) => {
      survival.tried('alerts.json', () => {
        writeTakenAlerts(config.home, taken);
      });
    },
    wishes: (wishes) => {
      survival.tried('wishes.json', () => {
        writeWishes(config.home, wishes);
      });
    },
  };
}
