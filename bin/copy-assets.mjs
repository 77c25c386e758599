// Copies what the compiler leaves out (shell scripts) from src/ to the same place in dist/.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const ASSETS = ['.sh', '.html', '.css', '.js', '.svg'];

for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
  const source = join(entry.parentPath ?? entry.path, entry.name);
  // Vite makes the page from its own.
  if (source.startsWith(join(root, 'src/page/'))) continue;
  if (!entry.isFile() || !ASSETS.includes(extname(entry.name))) continue;
  const target = source.replace(join(root, 'src'), join(root, 'dist'));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(source, target);
}
