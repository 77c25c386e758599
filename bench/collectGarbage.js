/**
 * Loaded into a garrison that is measured: on SIGUSR2 it collects all garbage, and says how much memory is left in use.
 * It changes nothing else, and is no part of the product.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => {
  collect();
  process.stderr.write(`heap in use: ${process.memoryUsage().heapUsed} bytes\n`);
});
