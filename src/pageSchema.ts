/**
 * Says what may stand in garrison.yaml about the page and the login to it.
 * It never looks at the machine: whether there is an account yet is asked at the start.
 */
import { z } from 'zod';
import { isNetwork } from './networks.ts';

const LOOPBACK_ADDRESS = /^(?:localhost|::1|127(?:\.\d{1,3}){3})$/;

const Network = z
  .string()
  .refine(isNetwork, 'must be loopback, an address, or a network such as 10.0.0.0/8 or 2001:db8::/32');

const BasePath = z
  .string()
  .regex(
    /^\/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?)?$/,
    'must be a path that begins with /, such as /garrison, of letters, digits and . _ ~ -',
  )
  .default('/');

const PublicUrl = z.string().superRefine((text, context) => {
  const wrong = publicUrlProblem(text);
  if (wrong !== null) context.addIssue({ code: 'custom', message: wrong });
});

/** `127.0.0.1:7080`, `[::1]:7080`; port 0 lets the system choose. */
export const Listen = z.string().transform((text, context) => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const address = match?.[1] ?? match?.[2];
  if (address !== undefined && port <= 65_535) return { address, port };
  context.addIssue({
    code: 'custom',
    message: 'must be an address and a port, such as 127.0.0.1:7080 or [::1]:7080',
  });
  return z.NEVER;
});

export const Page = z
  .strictObject({
    listen: Listen.prefault('127.0.0.1:7080'),
    basePath: BasePath.describe('the path that a proxy in front serves the page under'),
    publicUrl: PublicUrl.optional().describe(
      'the address that browsers call the page by, without a path, such as https://bastion.example.org',
    ),
    trustedProxies: z
      .array(Network)
      .default([])
      .describe('addresses and networks of the proxies whose X-Forwarded-For is believed'),
    tls: z
      .strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) })
      .optional()
      .describe('certificate and key, in PEM, for https'),
  })
  .superRefine(({ listen: { address }, trustedProxies, tls }, context) => {
    if (LOOPBACK_ADDRESS.test(address) || tls !== undefined || trustedProxies.length > 0) return;
    context.addIssue({
      code: 'custom',
      path: ['listen'],
      message:
        'is open to other machines, and passwords would go over the network readably; set page.tls (certFile, keyFile), or page.trustedProxies to the proxy in front that speaks https, or listen on 127.0.0.1',
    });
  });

export function loginSchema<Duration extends z.ZodType<number>>(lockFor: Duration) {
  return z.strictObject({
    explainTo: z
      .array(Network)
      .default(['loopback'])
      .describe(
        'whom a failed sign-in is explained to; loopback: somebody on this machine itself, not through a proxy',
      ),
    tries: z.int().min(3).max(1000).default(7).describe('so many wrong passwords in a row begin a lock'),
    lockFor: lockFor.describe('so long a lock lasts, of one account from one address'),
  });
}

function publicUrlProblem(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'must be a URL such as https://bastion.example.org';
  }
  if (!['http:', 'https:'].includes(url.protocol)) return 'must begin with https:// or http://';
  if (url.username !== '' || url.password !== '') return 'must not hold a name or a password';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return 'must end after the host and its port; the path goes into page.basePath';
  return null;
}
