/**
 * Reads the kept dashboards as Grafana would: their panels, all that they ask of Prometheus, and what stands in for the variables.
 * It makes no dashboard, and never changes one.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { DASHBOARDS } from './alertRules.ts';

export const GRAFANA = `${DASHBOARDS}grafana/`;

export interface GrafanaLink {
  readonly title: string;
  readonly type: string;
  readonly url?: string;
  readonly tags: readonly string[];
}

interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface GrafanaQuery {
  readonly expr: string;
  readonly refId: string;
  readonly datasource?: DataSource;
  readonly legendFormat?: string;
}

interface Mapping {
  readonly type: string;
  readonly options: Readonly<Record<string, { readonly text?: string; readonly color?: string }>>;
}

export interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: DataSource;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly GrafanaQuery[];
  readonly links?: readonly GrafanaLink[];
  readonly transformations?: readonly { readonly id: string; readonly options: object }[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly mappings?: readonly Mapping[] };
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

export interface GrafanaVariable {
  readonly name: string;
  readonly type: string;
  readonly query: string;
  readonly datasource?: DataSource;
  readonly multi: boolean;
  readonly includeAll: boolean;
  readonly allValue?: string;
}

export interface GrafanaAnnotation {
  readonly name: string;
  readonly datasource?: DataSource;
  readonly target: GrafanaQuery;
  readonly titleFormat: string;
  readonly textFormat: string;
}

export interface GrafanaDashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly GrafanaPanel[];
  readonly links: readonly GrafanaLink[];
  readonly templating: { readonly list: readonly GrafanaVariable[] };
  readonly annotations: { readonly list: readonly GrafanaAnnotation[] };
}

/** By the name of the file. */
export function keptDashboards(): ReadonlyMap<string, GrafanaDashboard> {
  const files = readdirSync(GRAFANA).filter((name) => name.endsWith('.json'));
  return new Map(
    files.map((name) => [name, JSON.parse(readFileSync(`${GRAFANA}${name}`, 'utf8')) as GrafanaDashboard]),
  );
}

/** Those that show something: rows are only headings. */
export function shownPanels({ panels }: GrafanaDashboard): readonly GrafanaPanel[] {
  return panels.filter(({ type }) => type !== 'row');
}

export interface Asked {
  /** Where it stands, for a person who reads a red test. */
  readonly where: string;
  readonly expr: string;
}

/** Every query of every panel and every annotation. */
export function everyQuery(dashboard: GrafanaDashboard): readonly Asked[] {
  const panels = shownPanels(dashboard).flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, refId }) => ({ where: `${dashboard.uid}, panel ${title}, query ${refId}`, expr })),
  );
  const annotations = dashboard.annotations.list.map(({ name, target: { expr } }) => ({
    where: `${dashboard.uid}, annotation ${name}`,
    expr,
  }));
  return [...panels, ...annotations];
}

/** `label_values(SERIES, LABEL)`. */
export function labelValues({ name, query }: GrafanaVariable): { series: string; label: string } {
  const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
  if (series === undefined || label === undefined) throw new Error(`variable ${name}: ${query}`);
  return { series, label };
}

/** What Grafana puts in for "All": `allValue`, else every value that there is. */
export function allOf({ allValue }: GrafanaVariable, values: readonly string[]): string {
  const literally = (value: string): string => value.replace(/[\\^$.|?*+()[\]{}]/g, '\\\\$&');
  return allValue ?? `(${values.map(literally).join('|')})`;
}

/** Throws for a variable that nothing was given for. */
export function filledIn(expr: string, values: ReadonlyMap<string, string>): string {
  return expr.replace(/\$(?:\{(\w+)\}|([a-z_]\w*))/g, (whole, braced?: string, bare?: string) => {
    const value = values.get(braced ?? bare ?? '');
    if (value === undefined) throw new Error(`nothing is put in for ${whole} in: ${expr}`);
    return value;
  });
}
