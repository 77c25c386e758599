/**
 * Says in a plain sentence, with its cure, why a JumpServer could not be read.
 * It never repeats what the server wrote, and knows no token.
 */
import { GarrisonError, unreachable } from '../errors.ts';
import type { JumpserverAnswer } from './jumpserverCall.ts';

export interface AskedOf {
  /** `https://jump.example.org` */
  readonly server: string;
  /** Below it. */
  readonly path: string;
  readonly deadlineMs: number;
  readonly mostBytes: number;
}

const AGAIN = 'then run the same import again: it adds only what is missing';

/** Of any answer but a good one. */
export function troubleOf(answer: JumpserverAnswer, asked: AskedOf): GarrisonError {
  const { server, path } = asked;
  switch (answer.kind) {
    case 'answered':
      return refused(answer.status, asked);
    case 'redirected':
      return unavailable(
        `${server} sends on to ${answer.to} (${String(answer.status)} at ${path}); the token is not taken along`,
        `where that is your JumpServer, name it: --url ${answer.to}`,
      );
    case 'tooLong':
      return unavailable(
        `${server} sends more than ${String(Math.floor(asked.mostBytes / 2 ** 20))} MiB at ${path}`,
        'see that --url names a JumpServer, and nothing in front of it rewrites what it sends',
      );
    case 'silent':
      return unavailable(
        `${server} has not answered within ${String(asked.deadlineMs / 1000)} s at ${path}`,
        `see that it is well there, ${AGAIN}`,
      );
    case 'unreachable':
      return unreached(answer.code, server);
    default:
      return unreachable(answer);
  }
}

/** It answers with 200, and with what no JumpServer says there. */
export function strangeAnswer({ server, path }: Pick<AskedOf, 'server' | 'path'>): GarrisonError {
  return unavailable(
    `${server} answers at ${path}, but not as a JumpServer does`,
    'see that --url names the JumpServer itself, without a path of its pages',
  );
}

function refused(status: number, { server, path }: AskedOf): GarrisonError {
  const at = `(${String(status)} at ${path})`;
  if (status === 401)
    return new GarrisonError('NOT_PERMITTED', `${server} does not take the token ${at}`, {
      cure: 'write one that is still good into the file: a private token by itself, or Bearer and one of its sign-in API',
    });
  if (status === 403)
    return new GarrisonError('NOT_PERMITTED', `${server} does not let the token's user look there ${at}`, {
      cure: 'give that user a role that may view assets, nodes, accounts and permissions, or name the organization with --org',
    });
  if (status === 404)
    return unavailable(
      `${server} has nothing at ${path} (404)`,
      'this import reads JumpServer v2, v3 and v4; see that --url names one of them',
    );
  if (status === 429) return unavailable(`${server} is asked too often ${at}`, `wait a minute, ${AGAIN}`);
  if (status >= 500)
    return unavailable(
      `${server} is not well ${at}`,
      `see what is wrong on its host (the doctor of Garrison tells, too), ${AGAIN}`,
    );
  return unavailable(`${server} refuses ${at}`, 'see that --url names a JumpServer of v2, v3 or v4');
}

const NO_CA = 'name the CA that signed its certificate with --ca FILE';

/** By the codes of Node and OpenSSL. */
const WHY: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ['nobody listens there', 'see that it runs and that the port is right'],
  ECONNRESET: ['it hung up', 'see that the port and http or https are right'],
  ENOTFOUND: ['there is no host of that name', 'see how it is spelled'],
  EAI_AGAIN: ['its name could not be looked up just now', "see that this machine's DNS answers"],
  EHOSTUNREACH: ['there is no way to it from here', 'see the network and its firewalls'],
  ENETUNREACH: ['there is no way to it from here', 'see the network and its firewalls'],
  ETIMEDOUT: ['it does not answer', 'see the network and its firewalls'],
  EPROTO: ['it does not speak https on that port', 'see that the port is right'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['it does not speak https on that port', 'see that the port is right'],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['it does not speak https on that port', 'see that the port is right'],
  HPE_INVALID_CONSTANT: ['it does not speak HTTP', 'see that the port is right'],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'its certificate is signed by itself',
    'name that certificate with --ca FILE',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: ['its certificate is signed by a CA that is not known here', NO_CA],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['its certificate is signed by a CA that is not known here', NO_CA],
  UNABLE_TO_GET_ISSUER_CERT: ['its certificate is signed by a CA that is not known here', NO_CA],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['its certificate is signed by a CA that is not known here', NO_CA],
  CERT_HAS_EXPIRED: ['its certificate has expired', 'renew it'],
  CERT_NOT_YET_VALID: ['its certificate is not valid yet', 'compare the clocks of both machines'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'its certificate is for another name',
    'name it with --url as its certificate does',
  ],
};

function unreached(code: string, server: string): GarrisonError {
  const [why, cure] = WHY[code] ?? [
    'the connection failed',
    'see that --url is right and that it can be reached from here',
  ];
  return unavailable(`${server} cannot be read: ${why} (${code})`, `${cure}, ${AGAIN}`);
}

function unavailable(message: string, cure: string): GarrisonError {
  return new GarrisonError('JUMPSERVER_UNAVAILABLE', message, { cure });
}
