/**
 * Turns what garrison.yaml says of alerts and messages into what is in effect, and reads the secrets that it names.
 * It never tells a secret: an address that is one is in no setting, log or error.
 */
import { readFileSync, statSync } from 'node:fs';
import { isWebAddress, type HookValues, type NoticeTemplate, type NotifyValues } from './alertSchema.ts';
import { GarrisonError } from './errors.ts';

export interface HookSettings {
  readonly dryRun: boolean;
  /** Name of an alert → what is done with the worker or container that it names. */
  readonly actions: ReadonlyMap<string, 'restart' | 'heal' | 'quiet'>;
}

export interface ChannelSettings {
  /** For people, metrics and logs: its template and its place in the list. */
  readonly name: string;
  readonly template: NoticeTemplate;
  readonly minSeverity: 'warning' | 'error';
  /** One of the two is there. */
  readonly url: string | null;
  readonly urlFile: string | null;
  readonly secretFile: string | null;
}

/** A channel with what it takes to send; for the hands only. */
export interface OpenChannel extends Pick<ChannelSettings, 'name' | 'template' | 'minSeverity'> {
  readonly address: string;
  readonly signingKey: string | null;
}

export function hooksInEffect({ alertmanager }: HookValues): HookSettings {
  return {
    dryRun: alertmanager.dryRun,
    actions: new Map(Object.entries(alertmanager.actions)),
  };
}

export function channelsInEffect(
  values: NotifyValues,
  absolute: (path: string) => string,
): readonly ChannelSettings[] {
  return values.map(({ url, urlFile, secretFile, template, minSeverity }, index) => ({
    name: `${template}-${String(index + 1)}`,
    template,
    minSeverity,
    url: url ?? null,
    urlFile: urlFile === undefined ? null : absolute(urlFile),
    secretFile: secretFile === undefined ? null : absolute(secretFile),
  }));
}

/** As `config show` has it: without any address. */
export function writtenAlerts(hooks: HookValues, notify: NotifyValues): Record<string, string> {
  return {
    'hooks.alertmanager.dryRun': String(hooks.alertmanager.dryRun),
    'hooks.alertmanager.actions': JSON.stringify(hooks.alertmanager.actions),
    notify: JSON.stringify(notify.map(({ template, minSeverity }) => `${template} from ${minSeverity}`)),
  };
}

/** Throws CONFIG_INVALID when a file cannot be read, is empty, or is open to other users. */
export function openChannels(channels: readonly ChannelSettings[]): readonly OpenChannel[] {
  return channels.map(({ name, template, minSeverity, url, urlFile, secretFile }, index) => {
    const key = `notify.${String(index)}`;
    const address = url ?? readSecret(urlFile ?? '', `${key}.urlFile`);
    if (!isWebAddress(address))
      throw new GarrisonError(
        'CONFIG_INVALID',
        `${key}.urlFile: the file holds no http:// or https:// address`,
      );
    const signingKey = secretFile === null ? null : readSecret(secretFile, `${key}.secretFile`);
    return { name, template, minSeverity, address, signingKey };
  });
}

function readSecret(file: string, key: string): string {
  let text: string;
  let mode: number;
  try {
    mode = statSync(file).mode;
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new GarrisonError('CONFIG_INVALID', `${key}: ${file} cannot be read (${code ?? 'unknown error'})`, {
      cause: error,
    });
  }
  if ((mode & 0o077) !== 0)
    throw new GarrisonError('CONFIG_INVALID', `${key}: ${file} can be read by other users`, {
      cure: `chmod 600 ${file}`,
    });
  const secret = text.split('\n')[0]?.trim() ?? '';
  if (secret !== '') return secret;
  throw new GarrisonError('CONFIG_INVALID', `${key}: ${file} is empty`, {
    cure: 'write it on the first line',
  });
}
