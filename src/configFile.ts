/**
 * Reads one YAML file against a schema and says of everything wrong in it: which file, which line, which key, what and how to cure it.
 * It never stops at the first problem, never echoes a value (it may be a secret) and knows no particular file.
 */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { GarrisonError, messageOf } from './errors.ts';
import { problemsOf, type Finding } from './schemaProblem.ts';

export interface ConfigProblem {
  readonly file: string;
  readonly line: number | null;
  /** Dotted path, e.g. `workers.count`; empty for the file as a whole. */
  readonly key: string;
  readonly what: string;
  readonly cure: string | null;
}

export interface ConfigFile<T> {
  /** null when there is no such file. */
  readonly file: string | null;
  readonly value: T | null;
  readonly problems: readonly ConfigProblem[];
  /** The line where the file says this, or null when it does not say it. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | null;
}

type Path = readonly PropertyKey[];

/** Reads the file; a missing one is like an empty one. */
export function readConfigFile<S extends z.ZodType>(file: string, schema: S): ConfigFile<z.output<S>> {
  const text = readText(file);
  if (typeof text === 'object' && text !== null) {
    return { file, value: null, problems: [text], lineOf: () => null };
  }
  const parsed = parseConfigText(file, text ?? '', schema);
  return text === null ? { ...parsed, file: null } : parsed;
}

/** The same on text in hand; `file` is only named. */
export function parseConfigText<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
): ConfigFile<z.output<S>> {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const lineOf = (path: Path): number | null => lineOfPath(document, counter, path);
  const syntax = document.errors.map((error) => syntaxProblem(file, error));
  const plain = toPlain(document);
  if (plain === undefined) return { file, value: null, problems: syntax, lineOf };
  const checked = schema.safeParse(plain);
  if (checked.success) {
    return { file, value: syntax.length > 0 ? null : checked.data, problems: syntax, lineOf };
  }
  const findings = problemsOf(checked.error.issues, plain, schema);
  const problems = findings.map((finding) => located(file, finding, lineOf));
  return { file, value: null, problems: [...syntax, ...problems], lineOf };
}

/** One error that tells all problems, each with file, line and key. */
export function configError(problems: readonly ConfigProblem[]): GarrisonError {
  const [first] = problems;
  const lines = problems.map(sentenceOf);
  const message =
    problems.length === 1
      ? (lines[0] ?? '')
      : `${String(problems.length)} problems:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  const cure =
    problems.length === 1 && typeof first?.cure === 'string'
      ? first.cure
      : 'mend the lines named, then: garrison config check';
  return new GarrisonError('CONFIG_INVALID', message, { cure, facts: { problems } });
}

function sentenceOf(problem: ConfigProblem): string {
  const place = problem.line === null ? problem.file : `${problem.file}:${String(problem.line)}`;
  const cure = problem.cure === null ? '' : ` (${problem.cure})`;
  return problem.key === ''
    ? `${place}: ${problem.what}${cure}`
    : `${place}: ${problem.key}: ${problem.what}${cure}`;
}

function readText(file: string): string | null | ConfigProblem {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    return { file, line: null, key: '', what: `cannot be read: ${messageOf(error)}`, cure: null };
  }
}

/** The document as plain values ({} when empty); undefined when it is too broken to look inside. */
function toPlain(document: Document): unknown {
  const fatal = document.errors.some((error) => error.code !== 'DUPLICATE_KEY');
  if (fatal) return undefined;
  try {
    return document.toJS() ?? {};
  } catch {
    return undefined;
  }
}

function syntaxProblem(
  file: string,
  error: { code: string; message: string; linePos?: readonly { line: number }[] },
): ConfigProblem {
  const line = error.linePos?.[0]?.line ?? null;
  if (error.code === 'DUPLICATE_KEY') {
    return {
      file,
      line,
      key: keyInMessage(error.message),
      what: 'the same key stands here twice',
      cure: 'keep one of the two',
    };
  }
  const [headline = ''] = error.message.split('\n');
  return {
    file,
    line,
    key: '',
    what: `not YAML: ${headline.replace(/ at line \d+, column \d+:?$/, '')}`,
    cure: null,
  };
}

/** yaml's message for a duplicate shows the source line under a headline; its first word is the key. */
function keyInMessage(message: string): string {
  return /\n\n\s*([^\s:]+)\s*:/.exec(message)?.[1] ?? '';
}

function located(file: string, finding: Finding, lineOf: (path: Path) => number | null): ConfigProblem {
  const { path, what, cure } = finding;
  return {
    file,
    line: lineOf(path) ?? lineOf(path.slice(0, -1)),
    key: path.map(String).join('.'),
    what,
    cure,
  };
}

/** The line of the key (or list item) at this path; the path is walked pair by pair because only pairs know their key's place. */
function lineOfPath(document: Document, counter: LineCounter, path: Path): number | null {
  let node: unknown = document.contents;
  let offset: number | null = null;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) return null;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else {
      node = document.getIn(path.slice(0, path.indexOf(step) + 1), true);
      offset = (node as { range?: readonly number[] } | undefined)?.range?.[0] ?? null;
    }
  }
  return offset === null ? null : counter.linePos(offset).line;
}
