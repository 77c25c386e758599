/**
 * Makes the one logger: JSON lines off a terminal, readable ones on it, both on stderr (stdout is for data).
 * It never logs a secret: keys that could hold one are cut out wherever they stand.
 */
import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

const REDACTED = [
  'password',
  '*.password',
  'token',
  '*.token',
  'redis.password',
  'cookie',
  '*.cookie',
  'authorization',
  '*.authorization',
];

export function makeLogger(options: { readonly terminal: boolean; readonly level: string }): Logger {
  const settings = {
    level: options.level,
    redact: REDACTED,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (!options.terminal) return pino(settings, pino.destination({ dest: 2, sync: true }));
  return pino(
    settings,
    pretty({
      destination: 2,
      sync: true,
      translateTime: 'SYS:HH:MM:ss',
      ignore: 'pid,hostname',
      singleLine: true,
    }),
  );
}
