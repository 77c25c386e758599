/**
 * Reads the bodies of what people send; every unknown key is refused by name.
 * It never decides whether an account is acceptable: push/account.ts does.
 */
import { z } from 'zod';
import { GarrisonError } from '../errors.ts';
import { CLAIMS } from '../push/claim.ts';

const Reason = z.string().min(1).max(1000).nullable().default(null);
const Name = z.string().min(1).max(255);
const PushId = z.string().regex(/^p-[0-9a-z-]{1,40}$/);

export const PushBody = z.strictObject({
  kind: z.enum(['push', 'revoke', 'check', 'plan', 'survey', 'remove', 'undo']).default('push'),
  planOf: z.enum(['push', 'revoke', 'undo']).default('push'),
  /** Instead of an account and hosts: the plan to apply. */
  plan: PushId.optional(),
  /** Of an undo, and of the plan of one: the push to take back; hosts are some of its own, or none for all of them. */
  undoOf: PushId.optional(),
  account: z
    .strictObject({
      name: Name,
      keys: z.array(z.string().min(1).max(20_000)).max(100).default([]),
      groups: z.array(Name).max(100).optional(),
      shell: z.string().min(1).max(255).optional(),
      sudo: z.string().min(1).max(20_000).optional(),
      comment: z.string().max(255).optional(),
      /** A crypt hash; never the password. */
      passwordHash: z.string().min(1).max(400).optional(),
      claim: z.enum(CLAIMS).optional(),
      confirmed: Name.optional(),
      privileged: Name.optional(),
    })
    .nullable()
    .default(null),
  hosts: z.array(Name).max(10_000).default([]),
  /** Of a removal and an undo: the account's name once more. */
  confirm: Name.optional(),
  reason: Reason,
  dryRun: z.boolean().default(false),
});

export const SyncBody = z.strictObject({
  hosts: z.array(Name).min(1).max(10_000).nullable().default(null),
  reason: Reason,
  plan: z.boolean().default(false),
  /** In digits, as it was typed. */
  confirmed: z
    .string()
    .regex(/^\d{1,7}$/)
    .nullable()
    .default(null),
});

export const LeftoverBody = z.strictObject({
  host: Name,
  account: Name,
  keep: z.boolean().default(true),
  reason: Reason,
});

/** The one target of `reap`, which may be left out. */
const ALL_ZOMBIES = 'zombies';

const VERBS = [
  'restart',
  'stop',
  'start',
  'quiet',
  'heal',
  'clearQuarantine',
  'maintenanceOn',
  'maintenanceOff',
  'cancel',
  'retry',
  'reap',
  'reload',
  'recover',
] as const;

const LONGEST_MAINTENANCE_MS = 30 * 86_400_000;
const SCOPE = /^(?:all|(?:project|container)\/[^/]+)$/;

export const OperationBody = z
  .strictObject({
    verb: z.enum(VERBS),
    target: Name.default(ALL_ZOMBIES),
    reason: Reason,
    ifIncarnation: z.string().min(1).max(200).nullable().default(null),
    dryRun: z.boolean().default(false),
    forMs: z.int().min(1000).max(LONGEST_MAINTENANCE_MS).nullable().default(null),
  })
  .superRefine(({ verb, target, forMs }, context) => {
    const wrong = targetProblem(verb, target);
    if (wrong !== null) context.addIssue({ code: 'custom', path: ['target'], message: wrong });
    if (forMs !== null && verb !== 'maintenanceOn')
      context.addIssue({ code: 'custom', path: ['forMs'], message: 'only maintenanceOn ends by itself' });
  });

export const RotateBody = z.strictObject({ reason: Reason });

export const TokenBody = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be letters, digits, dots, _ and hyphens'),
  scope: z.enum(['read', 'operate', 'hook']),
});

export const TrustBody = z.strictObject({
  fingerprint: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'must be a fingerprint as ssh-keygen prints it: SHA256:…'),
});

/** Characters: a body of nothing but unknown keys must not come back larger than it was. */
const LONGEST_COMPLAINT = 2_000;

/** The body as the schema has it; throws USAGE that tells every problem with its key, as far as that is short. */
export function readBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const keys =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    const what = issue.code === 'unrecognized_keys' ? 'unknown key' : issue.message;
    return keys.map((path) => `${path.map(String).join('.') || 'body'}: ${what}`).join('; ');
  });
  const said = problems.join('; ');
  const shown = said.length > LONGEST_COMPLAINT ? `${said.slice(0, LONGEST_COMPLAINT)} …` : said;
  throw new GarrisonError('USAGE', `the request is not understood: ${shown}`);
}

/** Which names there are is the supervisor's to say; this is only about what a name may look like. */
function targetProblem(verb: (typeof VERBS)[number], target: string): string | null {
  const isLeftOut = target === ALL_ZOMBIES;
  switch (verb) {
    case 'reap':
      return isLeftOut ? null : 'reap sweeps all zombies and takes no target';
    case 'reload':
      return isLeftOut || target === 'configuration' ? null : 'reload reads all files and takes no target';
    case 'recover':
      return isLeftOut || target === 'everything' ? null : 'recover looks at everything and takes no target';
    case 'maintenanceOn':
    case 'maintenanceOff':
      return SCOPE.test(target) ? null : 'must be all, project/NAME or container/NAME';
    case 'heal':
    case 'clearQuarantine':
      if (target.startsWith('worker/')) return 'must be a container';
      return isLeftOut ? `must name what to ${verb}` : null;
    default:
      return isLeftOut ? `must name what to ${verb}` : null;
  }
}
