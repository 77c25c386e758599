/**
 * `npm run dashboards`: writes the dashboards anew, for Grafana to import.
 * It never takes a file away.
 */
import { writeFileSync } from 'node:fs';
import { dashboardFiles } from './files.ts';

const FOLDER = new URL('../', import.meta.url);

for (const [name, text] of dashboardFiles()) writeFileSync(new URL(name, FOLDER), text);
