/**
 * Says what may stand in garrison.yaml of alerts that come in (`hooks`) and messages that go out (`notify`).
 * It never reads a file, and never echoes an address: for most services it is the secret.
 */
import { z } from 'zod';

const AlertName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'must be the name of an alert: letters, digits and _');

export const Hooks = z.strictObject({
  alertmanager: z
    .strictObject({
      dryRun: z.boolean().default(false).describe('answer what would be done, and do nothing'),
      actions: z
        .record(AlertName, z.enum(['restart', 'heal', 'quiet']))
        .default({})
        .describe('name of an alert: what is done with the worker or container that its labels name'),
    })
    .prefault({}),
});

const TEMPLATES = ['plain', 'dingtalk', 'wecom', 'feishu', 'slack'] as const;
const SIGNED: readonly string[] = ['dingtalk', 'feishu'];
const MOST_CHANNELS = 10;

const Text = z.string().min(1);

const Channel = z
  .strictObject({
    url: Text.optional().describe('http:// or https:// address that takes the messages'),
    urlFile: Text.optional().describe('instead: file with that address, readable by its owner only'),
    template: z.enum(TEMPLATES).default('plain'),
    secretFile: Text.optional().describe('file with the key that DingTalk or Feishu check signatures by'),
    minSeverity: z.enum(['warning', 'error']).default('warning'),
  })
  .superRefine(({ url, urlFile, template, secretFile }, context) => {
    const issue = (key: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message });
    };
    if (url === undefined && urlFile === undefined) issue('url', 'is missing; write url or urlFile');
    if (url !== undefined && urlFile !== undefined) issue('urlFile', 'contradicts url; keep one of the two');
    if (url !== undefined && !isWebAddress(url)) issue('url', 'must be an http:// or https:// address');
    if (secretFile !== undefined && !SIGNED.includes(template))
      issue('secretFile', 'has a use only for dingtalk and feishu');
  });

export const Notify = z.array(Channel).max(MOST_CHANNELS);

export type HookValues = z.output<typeof Hooks>;
export type NotifyValues = z.output<typeof Notify>;
export type NoticeTemplate = (typeof TEMPLATES)[number];

export function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && hostname !== '';
}
