/**
 * Says in plain words what a schema found wrong, with the path of the key and the cure where there is an obvious one.
 * It never echoes a value, which may be a secret.
 */
import { z } from 'zod';

export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly what: string;
  readonly cure: string | null;
}

/** One finding for each thing wrong: several unknown keys of one object are several findings. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  schema: z.ZodType,
): readonly Finding[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, ...phrase(issue, input) }];
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      what: 'unknown key',
      cure: known.length > 0 ? `known here: ${known.join(', ')}` : null,
    }));
  });
}

function phrase(issue: z.core.$ZodIssue, input: unknown): { what: string; cure: string | null } {
  const value = valueAt(input, issue.path);
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return { what: 'is missing', cure: null };
      // A schema that says in its own words what it wants says it better.
      if (!issue.message.startsWith('Invalid input')) return { what: issue.message, cure: null };
      return {
        what: `must be ${wordFor(issue.expected)}, not ${typeOf(value)}`,
        cure: quoteCure(issue.expected, value),
      };
    case 'invalid_value':
      return { what: `must be ${issue.values.map(String).join(' or ')}`, cure: null };
    case 'invalid_key':
      return { what: issue.issues[0]?.message ?? issue.message, cure: null };
    case 'too_small':
      return { what: `must be at least ${String(issue.minimum)}${unitOf(issue.origin)}`, cure: null };
    case 'too_big':
      return { what: `must be at most ${String(issue.maximum)}${unitOf(issue.origin)}`, cure: null };
    default:
      return { what: issue.message, cure: null };
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' in number' : '';
}

function quoteCure(expected: string, value: unknown): string | null {
  return expected === 'string' && typeof value !== 'object' ? 'write it in quotes' : null;
}

function wordFor(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    int: 'a whole number',
    number: 'a number',
    object: 'a group of keys',
    record: 'a group of keys',
    array: 'a list',
    boolean: 'true or false',
  };
  return words[expected] ?? expected;
}

function typeOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return wordFor(typeof value);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
}

/** The keys that the schema allows at this path, read from its JSON Schema so that every wrapper is seen through. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let node: SchemaNode | undefined = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as SchemaNode;
  for (const step of path) {
    const further: SchemaNode | boolean | undefined =
      node.properties?.[String(step)] ?? node.items ?? node.additionalProperties;
    if (typeof further !== 'object') return [];
    node = further;
  }
  return Object.keys(node.properties ?? {});
}
