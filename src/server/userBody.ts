/**
 * Reads the bodies of what administrators send about accounts of the page.
 * It never says what a password was.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { ROLES, USER_NAME } from './userStore.ts';

const Reason = z.string().min(1).max(1000).nullable().default(null);

const UserName = z
  .string()
  .regex(USER_NAME, 'must be small letters, digits and . _ @ -, at most 63, the first a letter or a digit');

/** How long it must be is said with its length, by checkNewPassword. */
const Password = z.string().max(4_096);

export const UserBody = z.strictObject({
  name: UserName,
  role: z.enum(ROLES).default('view'),
  password: Password,
  reason: Reason,
});

export const PasswordBody = z.strictObject({ password: Password, reason: Reason });
/** By the account itself. */
export const OwnPasswordBody = z.strictObject({ old: Password, password: Password });
export const RoleBody = z.strictObject({ role: z.enum(ROLES), reason: Reason });
export const RenameBody = z.strictObject({ to: UserName, reason: Reason });
export const RemoveQuery = z.strictObject({ reason: Reason });

/** As garrison user list shows it: an address, or the /64 of an IPv6 one. */
export const UnlockBody = z.strictObject({
  from: z
    .string()
    .refine(
      (text) => isIP(text.replace(/\/64$/, '')) !== 0,
      'must be an address, as garrison user list shows it',
    )
    .nullable()
    .default(null),
  reason: Reason,
});
