/**
 * The rules of the house as data, and the reading of a source text by them.
 * It never runs the code it reads: an import is what stands in the text.
 */
import { signalViolations } from './signalFloors.ts';

export interface SourceFile {
  /** From src/, e.g. `push/account.ts`. */
  readonly path: string;
  readonly text: string;
}

type Room =
  | 'base'
  | 'detector'
  | 'push'
  | 'reconciler'
  | 'driver'
  | 'supervisor'
  | 'server'
  | 'worker'
  | 'cli'
  | 'main'
  | 'page';

/** Which rooms each room may import besides itself. */
const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  base: [],
  detector: ['base'],
  push: ['base'],
  reconciler: ['detector', 'push', 'base'],
  driver: ['reconciler', 'push', 'detector', 'base'],
  supervisor: ['reconciler', 'push', 'detector', 'base'],
  server: ['supervisor', 'detector', 'push', 'base'],
  worker: ['push', 'base'],
  page: [],
  cli: ['main', 'server', 'supervisor', 'driver', 'reconciler', 'detector', 'push', 'base'],
  main: ['cli', 'server', 'supervisor', 'driver', 'reconciler', 'detector', 'push', 'base'],
};

/** A library that is not listed is for nobody. */
const LIBRARY_ROOMS: Readonly<Record<string, readonly (Room | `${string}.ts`)[]>> = {
  execa: ['driver/spawn.ts', 'worker/ssh.ts'],
  koffi: ['driver'],
  dockerode: ['driver'],
  bullmq: ['driver', 'worker'],
  ioredis: ['driver', 'worker'],
  fastify: ['server'],
  '@fastify/static': ['server'],
  'prom-client': ['server'],
  preact: ['page'],
  '@preact/signals': ['page'],
  'wouter-preact': ['page'],
  uplot: ['page'],
  vite: ['page/vite.config.ts'],
  pino: ['logger.ts'],
  'pino-pretty': ['logger.ts'],
  commander: ['cli'],
  yaml: ['configFile.ts', 'addedYaml.ts'],
  zod: [
    'redisSchema.ts',
    'configFile.ts',
    'configSchema.ts',
    'schemaProblem.ts',
    'inventory.ts',
    'pageSchema.ts',
    'grantsSchema.ts',
    'alertSchema.ts',
    'driver/alertFile.ts',
    'driver/checkFile.ts',
    'driver/healFile.ts',
    'driver/noticeFile.ts',
    'server',
  ],
};

/** The one file of a room that another may import, of which it may import nothing else. */
const ONE_FILE: Readonly<Partial<Record<Room, string>>> = {
  // A worker ends its own ssh, and no signal may leave any process of Garrison's without the same guard's word.
  worker: 'reconciler/guard.ts',
};

/** What the page knows of the others: the shapes of the API's answers, as types, of which nothing is left in a browser. */
const TYPES_FOR_THE_PAGE: readonly string[] = ['supervisor/door.ts', 'server/sentence.ts'];

const PURE_ROOMS: readonly Room[] = ['detector', 'push', 'reconciler'];
const IMPURE_WORDS =
  /\b(?:Date|Math\.random|setTimeout|setInterval|setImmediate|process|performance|globalThis)\b/;

/** Files that join the rooms; they stand at the top of src/ but on the highest floor. */
const JOINING_FILES: readonly string[] = [
  'main.ts',
  'rooms.ts',
  'control.ts',
  'surroundings.ts',
  'boards.ts',
  'healing.ts',
  'alerting.ts',
  'service.ts',
  'settling.ts',
  'observations.ts',
  'sampling.ts',
  'reloading.ts',
  'survival.ts',
  'grantsFile.ts',
  'jobTask.ts',
  'fleeting.ts',
  'grantEnds.ts',
  'grantsWork.ts',
];

/** A sentence for each rule the file breaks. */
export function violationsOf(file: SourceFile): readonly string[] {
  const room = roomOf(file.path);
  if (room === null) return [`${file.path}: stands in no room of the house`];
  const code = withoutComments(file.text);
  const values = room === 'page' ? withoutTypeImports(code) : code;
  const imports = importsIn(values).flatMap((name) => importViolation({ path: file.path, room, name }));
  return [
    ...imports,
    ...purityViolations({ path: file.path, room, code }),
    ...signalViolations(file.path, code),
  ];
}

export function roomOf(path: string): Room | null {
  const [first = '', ...rest] = path.split('/');
  if (rest.length === 0) return JOINING_FILES.includes(first) ? 'main' : 'base';
  return first !== 'base' && first !== 'main' && first in MAY_IMPORT ? (first as Room) : null;
}

/** Every module named by import, export … from, import() and require(). */
export function importsIn(code: string): readonly string[] {
  const names = /\b(?:from|import|require)\s*\(?\s*(['"`])([^'"`\n]+)\1/g;
  return [...code.matchAll(names)].map((match) => match[2] ?? '');
}

function importViolation({
  path,
  room,
  name,
}: {
  path: string;
  room: Room;
  name: string;
}): readonly string[] {
  if (name.startsWith('node:')) {
    return PURE_ROOMS.includes(room) ? [`${path}: a pure room imports ${name}`] : [];
  }
  if (!name.startsWith('.')) return libraryViolation({ path, room, name });
  const target = new URL(name, `file:///${path}`).pathname.slice(1);
  if (target === 'package.json') return [];
  const targetRoom = roomOf(target);
  if (targetRoom === room || ONE_FILE[room] === target) return [];
  if (targetRoom === null || !MAY_IMPORT[room].includes(targetRoom))
    return [`${path}: ${room} may not import ${target}`];
  const onlyTheDoor = room === 'server' && targetRoom === 'supervisor' && target !== 'supervisor/door.ts';
  return onlyTheDoor ? [`${path}: of the supervisor, server may import only door.ts, not ${target}`] : [];
}

function libraryViolation({
  path,
  room,
  name,
}: {
  path: string;
  room: Room;
  name: string;
}): readonly string[] {
  const library = name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? name);
  const allowed = LIBRARY_ROOMS[library] ?? [];
  if (allowed.includes(room) || allowed.includes(path as `${string}.ts`)) return [];
  return [`${path}: ${room} may not import the library ${library}`];
}

function purityViolations({
  path,
  room,
  code,
}: {
  path: string;
  room: Room;
  code: string;
}): readonly string[] {
  if (!PURE_ROOMS.includes(room)) return [];
  return withoutTexts(code)
    .split('\n')
    .flatMap((line) => {
      const word = IMPURE_WORDS.exec(line)?.[0];
      return word === undefined ? [] : [`${path}: a pure room names ${word}: ${line.trim()}`];
    });
}

/** An import of types of what the page may know; any other import of types is left and judged like the rest. */
function withoutTypeImports(code: string): string {
  return code.replace(/\bimport type [^;'"]*from '([^']+)';/g, (whole, name: string) =>
    TYPES_FOR_THE_PAGE.some((path) => name.endsWith(`../${path}`)) ? '' : whole,
  );
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;{(,])\/\/.*$/gm, '$1');
}

/** Quoted texts, and property names that only look like the word (`{ process: … }`, `truths.process`). */
function withoutTexts(code: string): string {
  return code
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replace(/`(?:[^`\\$]|\\.|\$(?!\{))*`/g, '``')
    .replace(/\.process\b/g, '.x')
    .replace(/\bprocess\??:(?!:)/g, 'x:');
}
