/** What a certificate says of itself, of each type that ssh-keygen signs; what is cut off or made up is none. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { certificateProblem, readCertificate } from '../../src/push/certificate.ts';
import { tempHome } from '../support/tempHome.ts';

const FROM_MS = Date.UTC(2027, 0, 1);
const UNTIL_MS = Date.UTC(2027, 0, 2);

describe('a certificate', () => {
  for (const type of ['ed25519', 'rsa', 'ecdsa'])
    it(`of the type ${type} says for whom and how long it is`, (t) => {
      const line = signed(tempHome(t), type, ['-n', 'root,ops', '-V', '20270101000000Z:20270102000000Z']);
      assert.deepEqual(readCertificate(line), {
        ...{ isForHosts: false, principals: ['root', 'ops'] },
        ...{ fromMs: FROM_MS, untilMs: UNTIL_MS },
      });
    });

  it('may be without an end, without a principal, and for hosts', (t) => {
    const read = readCertificate(signed(tempHome(t), 'ed25519', ['-h']));
    assert.deepEqual(read, { isForHosts: true, principals: [], fromMs: 0, untilMs: Infinity });
    assert.deepEqual(certificateProblem(read, 0), { kind: 'forHosts' });
  });

  it('is good from its first moment to before its last', () => {
    const good = { isForHosts: false, principals: [], fromMs: FROM_MS, untilMs: UNTIL_MS };
    assert.deepEqual(certificateProblem(good, FROM_MS - 1), { kind: 'notBegun', atMs: FROM_MS });
    assert.equal(certificateProblem(good, FROM_MS), null);
    assert.equal(certificateProblem(good, UNTIL_MS - 1), null);
    assert.deepEqual(certificateProblem(good, UNTIL_MS), { kind: 'ended', atMs: UNTIL_MS });
  });

  it('is none where it is cut off or made up', (t) => {
    const [type = '', base64 = ''] = signed(tempHome(t), 'ed25519', ['-n', 'root']).split(' ');
    const bytes = Buffer.from(base64, 'base64');
    // Behind its last moment come options, the authority and its signature.
    const whole = readCertificate(`${type} ${base64}`);
    for (let length = 0; length < bytes.length; length += 1) {
      const read = readCertificate(`${type} ${bytes.subarray(0, length).toString('base64')}`);
      assert.ok(read === null || JSON.stringify(read) === JSON.stringify(whole), String(length));
    }
    for (const text of [
      '',
      'constructor-cert-v01@openssh.com AAAA',
      `ssh-rsa-cert-v01@openssh.com ${base64}`,
    ])
      assert.equal(readCertificate(text), null, text);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const mixed = Buffer.concat([bytes.subarray(0, 36), noise]).toString('base64');
        readCertificate(`${type} ${mixed}`);
      }),
    );
  });
});

function signed(folder: string, type: string, args: readonly string[]): string {
  const [ca, key] = [join(folder, 'ca'), join(folder, 'key')];
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', ca]);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'c', '-f', key]);
  execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'test', ...args, `${key}.pub`]);
  return readFileSync(`${key}-cert.pub`, 'utf8');
}
