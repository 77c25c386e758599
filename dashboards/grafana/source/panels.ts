/**
 * Makes the kinds of panels that the dashboards are built of: what is now, how it went, which state it was in, and lists.
 * It never sets where a panel lies, which its dashboard does.
 */
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Threshold,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelinePanel } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as GraphPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { runbookLinks } from './alerts.ts';
import { BAD, BETWEEN, GOOD } from './states.ts';

export type Panel = StatPanel | TimelinePanel | TablePanel | GraphPanel;

export interface PanelText {
  readonly title: string;
  /** What it means; where it can be bad, what to type then. */
  readonly description: string;
  /** Whose runbooks say more. */
  readonly alerts?: readonly string[];
}

export interface Query {
  readonly query: string;
  /** Name of a line, with labels in double braces. */
  readonly line: string;
}

/** From where on it is worth a look, and from where on it is bad; a number of which less is worse goes down. */
export interface Limits {
  readonly look?: number;
  readonly bad: number;
}

interface Shown extends PanelText {
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly limits?: Limits;
}

/** Of every panel and query: the data source that is chosen at the top of the page. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** As it is now; nothing when Prometheus has no present word, never an old one. */
export function now(
  shown: Shown & { readonly mappings?: ValueMapping[]; readonly none?: string },
): StatPanel {
  const panel = dressed(new StatPanel(), shown)
    .unit(shown.unit)
    .thresholds(thresholds(shown.limits))
    .mappings(shown.mappings ?? [])
    .noValue(shown.none ?? 'nothing is told')
    .colorMode(
      shown.limits === undefined && shown.mappings === undefined
        ? BigValueColorMode.None
        : BigValueColorMode.Value,
    )
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  for (const target of targets(shown.queries)) panel.withTarget(target.instant());
  return panel;
}

/** How it went over the shown time. */
export function graph(shown: Shown & { readonly max?: number }): GraphPanel {
  const panel = dressed(new GraphPanel(), shown)
    .unit(shown.unit)
    .min(0)
    .thresholds(thresholds(shown.limits))
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        shown.limits === undefined ? GraphThresholdsStyleMode.Off : GraphThresholdsStyleMode.Dashed,
      ),
    )
    .fillOpacity(10)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Right)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  if (shown.max !== undefined) panel.max(shown.max);
  for (const target of targets(shown.queries)) panel.withTarget(target.range());
  return panel;
}

/** Which state each was in, over the shown time. */
export function timeline(
  shown: PanelText & { readonly queries: readonly Query[]; readonly mappings: ValueMapping[] },
): TimelinePanel {
  const panel = dressed(new TimelinePanel(), shown)
    .mappings(shown.mappings)
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.8)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    );
  for (const target of targets(shown.queries)) panel.withTarget(target.range());
  return panel;
}

export interface Column {
  readonly name: string | null;
  readonly query: string;
  readonly unit: string;
  readonly limits?: Limits;
}

/** A list: a row for each set of labels, the labels first, then these columns; one without a name is not shown. */
export function list(
  shown: PanelText & { readonly columns: readonly Column[]; readonly none?: string },
): TablePanel {
  const panel = dressed(new TablePanel(), shown).noValue(shown.none ?? 'none');
  const renameByName: Record<string, string> = {};
  const excludeByName: Record<string, boolean> = { Time: true };
  for (const [index, { name, query }] of shown.columns.entries()) {
    const refId = letter(index);
    const field = shown.columns.length === 1 ? 'Value' : `Value #${refId}`;
    if (name === null) excludeByName[field] = true;
    else renameByName[field] = name;
    const target = new DataqueryBuilder().refId(refId).datasource(DATASOURCE).expr(query);
    panel.withTarget(target.format(PromQueryFormat.Table).instant());
  }
  if (shown.columns.length > 1) panel.withTransformation({ id: 'merge', options: {} });
  panel.withTransformation({ id: 'organize', options: { excludeByName, indexByName: {}, renameByName } });
  for (const { name, unit, limits } of shown.columns)
    if (name !== null) panel.overrideByName(name, columnLook(unit, limits));
  return panel;
}

function columnLook(unit: string, limits: Limits | undefined): { id: string; value: unknown }[] {
  const look: { id: string; value: unknown }[] = [{ id: 'unit', value: unit }];
  if (limits === undefined) return look;
  return [
    ...look,
    { id: 'thresholds', value: thresholds(limits).build() },
    { id: 'custom.cellOptions', value: { type: 'color-text' } },
  ];
}

function targets(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map(({ query, line }, index) =>
    new DataqueryBuilder().refId(letter(index)).datasource(DATASOURCE).expr(query).legendFormat(line),
  );
}

function letter(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

interface Dressable {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: typeof DATASOURCE): this;
  links(links: ReturnType<typeof runbookLinks>): this;
}

function dressed<Builder extends Dressable>(
  builder: Builder,
  { title, description, alerts = [] }: PanelText,
): Builder {
  return builder.title(title).description(description).datasource(DATASOURCE).links(runbookLinks(alerts));
}

function thresholds(limits: Limits | undefined): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps(limits));
}

/** Grafana's first step has no value: it begins at minus infinity. */
function steps(limits: Limits | undefined): Threshold[] {
  if (limits === undefined) return [{ value: null, color: GOOD }];
  const { look, bad } = limits;
  const middle = look === undefined ? [] : [{ value: look, color: BETWEEN }];
  return [{ value: null, color: GOOD }, ...middle, { value: bad, color: BAD }];
}
