/**
 * The frame that all dashboards share: the variables at the top, the incidents drawn into every graph, and the links.
 * It knows no panel of any of them.
 */
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { DATASOURCE, type Panel } from './panels.ts';
import { chosen, metric } from './queries.ts';
import { BAD, BETWEEN, GOOD, WISHED } from './states.ts';

const TAG = 'garrison';
/** Where the page listens unless garrison.yaml says otherwise. */
const PAGE = 'http://127.0.0.1:7080';
const RUNBOOKS = 'https://wiki.example.com/garrison/runbooks';

export interface Board {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

export function built({ name, title, description, rows }: Board): Dashboard {
  const board = new DashboardBuilder(title)
    .uid(name)
    .description(description)
    .tags([TAG])
    .timezone('browser')
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables(variables())
    .annotations(incidents())
    .links(links());
  let id = 0;
  for (const row of rows) {
    board.withRow(new RowBuilder(row.title).id((id += 1)));
    for (const panel of row.panels) board.withPanel(panel.id((id += 1)));
  }
  return board.build();
}

function variables(): (DatasourceVariableBuilder | QueryVariableBuilder | TextBoxVariableBuilder)[] {
  const values = (name: string, from: string): QueryVariableBuilder =>
    new QueryVariableBuilder(name)
      .datasource(DATASOURCE)
      .query(`label_values(${from}, ${name})`)
      .definition(`label_values(${from}, ${name})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .current({ selected: true, text: 'All', value: '$__all' });
  return [
    new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    // Of the jobs that scrape a Garrison: `up` and ALERTS have others, too.
    values('job', 'garrison_build_info').label('Job'),
    // An alert that no instance is there at all has none.
    values('instance', 'garrison_build_info{job=~"$job"}').label('Instance').allValue('.*'),
    address('page', PAGE).label('Page').description('Address of the page of Garrison, for the link above.'),
    address('runbooks', RUNBOOKS)
      .label('Runbooks')
      .description(
        'Address under which your people read dashboards/runbooks.md, for the links to its sections.',
      ),
  ];
}

function address(name: string, value: string): TextBoxVariableBuilder {
  const current = { selected: true, text: value, value };
  return new TextBoxVariableBuilder(name).defaultValue(value).current(current).options([current]);
}

/** What a person wants to see beside every curve. */
function incidents(): AnnotationQueryBuilder[] {
  const restarts = metric('worker_restarts_total');
  const heals = metric('container_heals_total');
  return [
    incident('Alerts', BAD)
      .target(
        asked(
          chosen('ALERTS', 'alertname=~"Garrison.+"', 'alertname!="GarrisonWatchdog"', 'alertstate="firing"'),
        ),
      )
      .titleFormat('{{alertname}}')
      .textFormat('{{severity}} {{instance}} {{worker}} {{container}} {{loop}}')
      .tagKeys('severity'),
    incident('Restarts of workers', BETWEEN)
      .target(asked(`sum by (instance, worker, reason) (increase(${restarts}[$__rate_interval])) > 0`))
      .titleFormat('{{worker}} was started again: {{reason}}')
      .textFormat('garrison why {{worker}} tells how it came to it; {{instance}}'),
    incident('Treatments of containers', GOOD)
      .target(
        asked(`sum by (instance, container, action, outcome) (increase(${heals}[$__rate_interval])) > 0`),
      )
      .titleFormat('{{container}}: {{action}}, {{outcome}}')
      .textFormat('garrison why {{container}} tells how it came to it; {{instance}}'),
    incident('Maintenance', WISHED)
      .target(asked(`${metric('maintenance_active')} == 1`))
      .titleFormat('Maintenance: {{scope}}')
      .textFormat('Nothing in {{scope}} is restarted by itself; {{instance}}'),
  ];
}

function incident(name: string, color: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder().name(name).datasource(DATASOURCE).enable(true).iconColor(color);
}

function asked(query: string): DataqueryBuilder {
  return new DataqueryBuilder().refId('Anno').datasource(DATASOURCE).expr(query).range();
}

function links(): DashboardLinkBuilder[] {
  return [
    new DashboardLinkBuilder('Dashboards of Garrison')
      .type(DashboardLinkType.Dashboards)
      .tags([TAG])
      .includeVars(true)
      .keepTime(true),
    new DashboardLinkBuilder('Page of Garrison')
      .type(DashboardLinkType.Link)
      .url('${page:raw}')
      .tooltip('What is, since when, why, and what to do next')
      .targetBlank(true),
    new DashboardLinkBuilder('Runbooks')
      .type(DashboardLinkType.Link)
      .url('${runbooks:raw}')
      .tooltip('For each alert: what it means, what to look at, what to type')
      .targetBlank(true),
  ];
}
