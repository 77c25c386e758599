/**
 * Reads the alert rules that ship, changes them one place at a time, and scales their durations.
 * It never changes the shipped file; what it makes goes where a test says.
 */
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

export const DASHBOARDS = new URL('../../dashboards/', import.meta.url).pathname;
export const RULES_FILE = `${DASHBOARDS}prometheus/garrison.rules.yaml`;

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleMutant {
  /** What was changed, for a person who reads a red test. */
  readonly change: string;
  readonly rule: AlertRule;
}

interface RulesDocument {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
}

export function readRules(text = readFileSync(RULES_FILE, 'utf8')): readonly AlertRule[] {
  const document = parse(text) as RulesDocument;
  return document.groups.flatMap(({ rules }) => rules);
}

/** A file with this rule alone. */
export function rulesFileOf(rule: AlertRule): string {
  return stringify({ groups: [{ name: 'one', rules: [rule] }] });
}

/** Its number means nothing, and it never ceases. */
const ALWAYS_TRUE: readonly string[] = ['vector(1)'];
const DURATION = /\b\d+(?:ms|s|m|h|d|w|y)\b/;
const NAME_OF_A_METRIC = /\b(?:garrison_[a-z_]+|up(?=\{))/g;
const MATCHER = /(?<=[{,]\s*\w+(?:=~|!~|!=|=))"[^"]*"/g;
/** No part of a duration or a name, and not in a matcher. */
const NUMBER = /(?<![\w."])\d+(?:\.\d+)?(?![\w."])/g;

/** Every way to spoil one place of the rule: each number, metric, label and duration, `for` and `keep_firing_for`. */
export function mutantsOf(rule: AlertRule): readonly RuleMutant[] {
  const inExpression = [
    ...replaced(rule, NAME_OF_A_METRIC, () => ['garrison_no_such_metric']),
    ...replaced(rule, MATCHER, spoiledMatchers),
    ...replaced(rule, NUMBER, (number) => [String(Number(number) + 1e9), ...(number === '0' ? [] : ['0'])]),
    ...replaced(rule, /(?<=\[|offset )\d+(?:ms|s|m|h|d|w|y)\b/g, (range) => (range === '30s' ? [] : ['30s'])),
  ];
  const { for: wait, keep_firing_for: keep, ...rest } = rule;
  const without = [
    ...(wait === undefined ? [] : [{ change: 'no for', rule: { ...rule, for: '0s' } }]),
    ...(keep === undefined ? [] : [{ change: 'no keep_firing_for', rule: withoutKeep(rest, wait) }]),
  ];
  const never = { change: 'never true', rule: { ...rule, expr: `(${rule.expr}) and vector(0) == 1` } };
  return ALWAYS_TRUE.includes(rule.expr) ? [never] : [never, ...inExpression, ...without];
}

function withoutKeep(rest: Omit<AlertRule, 'for' | 'keep_firing_for'>, wait: string | undefined): AlertRule {
  return wait === undefined ? rest : { ...rest, for: wait };
}

/** Another value, and for alternatives all but one of them. */
function spoiledMatchers(quoted: string): readonly string[] {
  const alternatives = quoted.slice(1, -1).split('|');
  const fewer = alternatives.map((one) => alternatives.filter((each) => each !== one).join('|'));
  return ['"nothing"', ...(alternatives.length > 1 ? fewer.map((some) => `"${some}"`) : [])];
}

function replaced(
  rule: AlertRule,
  pattern: RegExp,
  spoil: (found: string) => readonly string[],
): readonly RuleMutant[] {
  return [...rule.expr.matchAll(pattern)].flatMap(({ 0: found, index }) =>
    spoil(found).map((instead) => ({
      change: `${found} at ${String(index)} becomes ${instead}`,
      rule: {
        ...rule,
        expr: `${rule.expr.slice(0, index)}${instead}${rule.expr.slice(index + found.length)}`,
      },
    })),
  );
}

/**
 * The text of a rules file with every duration divided by `factor`, and so each time that a job may wait.
 * What Garrison paces itself, such as its loops and its test job, is left as it is.
 */
export function scaledRules(text: string, factor: number): string {
  const scaled = (duration: string): string =>
    `${String(Math.max(1, Math.round(msOf(duration) / factor)))}ms`;
  return text
    .split('\n')
    .map((line) => (/^\s*#/.test(line) ? line : scaleLine(line, scaled)))
    .join('\n')
    .replace(/(garrison_queue_latency_seconds > )(\d+)/g, (_all, before: string, limit: string) => {
      return `${before}${String(Number(limit) / factor)}`;
    });
}

function scaleLine(line: string, scaled: (duration: string) => string): string {
  if (/^\s*(?:for|keep_firing_for):/.test(line)) return line.replace(DURATION, scaled);
  return line
    .replace(/\[(\w+)\]/g, (all, range: string) => (DURATION.test(range) ? `[${scaled(range)}]` : all))
    .replace(/(offset )(\w+)/g, (_all, before: string, range: string) => `${before}${scaled(range)}`);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export function msOf(duration: string): number {
  const [, count = '', unit = ''] = /^(\d+)(\w+)$/.exec(duration) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs === undefined) throw new Error(`no duration: ${duration}`);
  return Number(count) * unitMs;
}
