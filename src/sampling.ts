/**
 * Joins the figures of the history to the file that keeps them over a restart.
 * It takes no figure itself and draws none.
 */
import { SampleFile } from './driver/sampleFile.ts';
import type { Joining } from './rooms.ts';
import { HistorySamples } from './supervisor/historySamples.ts';
import { noteRow, startSampling } from './supervisor/sampling.ts';
import type { Supervisor } from './supervisor/supervisor.ts';

/** The history goes on where the file of earlier lives ends. */
export async function openHistory(
  { config, logger, ending, survival }: Pick<Joining, 'config' | 'logger' | 'ending' | 'survival'>,
  supervisor: Supervisor,
): Promise<HistorySamples> {
  const samples = new HistorySamples();
  const file = new SampleFile({
    homeDir: config.home,
    onTrouble: (why) => {
      logger.warn({ event: 'historyDamaged' }, why);
    },
    onWrite: (why) => {
      survival.noteWrite('history.jsonl', why);
      // Written every 10 s, so that a disk that takes writes again is seen soon.
      survival.probe();
    },
  });
  await file.read((row) => {
    noteRow(samples, row);
  });
  const stop = startSampling(supervisor, samples, (row) => {
    file.append(row);
  });
  ending.add('the history', async () => {
    stop();
    await file.end();
  });
  return samples;
}
