/**
 * A service manager's end of `sd_notify` for a test: a datagram socket, which Node cannot make itself.
 * It only listens.
 */
import koffi from 'koffi';
import { join } from 'node:path';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

interface Context {
  after(fn: () => void): void;
}

export interface NotifySocket {
  readonly path: string;
  /** All that came since the last call. */
  heard(): string[];
}

export function openNotifySocket(context: Context, folder: string): NotifySocket {
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int domain, int type, int protocol)') as (...of: number[]) => number;
  const bind = libc.func('int bind(int fd, void *address, uint length)') as (...of: unknown[]) => number;
  const recv = libc.func('long recv(int fd, void *into, ulong length, int flags)') as (
    ...of: unknown[]
  ) => number;
  const close = libc.func('int close(int fd)') as (fd: number) => number;
  const path = join(folder, 'notify');
  const fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  if (bind(fd, address, address.length) !== 0) throw new Error(`cannot listen on ${path}`);
  context.after(() => close(fd));
  return {
    path,
    heard: () => {
      const messages: string[] = [];
      const into = Buffer.alloc(4096);
      for (let length = 0; (length = recv(fd, into, into.length, MSG_DONTWAIT)) >= 0;)
        messages.push(into.toString('utf8', 0, length));
      return messages;
    },
  };
}
