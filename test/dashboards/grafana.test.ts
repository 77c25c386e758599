/**
 * Holds the Grafana dashboards to what they are made of: the kept files to their source, each query to the metrics that are exposed,
 * each state to a word and a colour, each link to a section of the runbooks. Whether they show something, test/long asks a real Prometheus.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { dashboardFiles } from '../../dashboards/grafana/source/files.ts';
import { BAD, GOOD } from '../../dashboards/grafana/source/states.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { CONTAINER_STATES } from '../../src/detector/container.ts';
import { LoginFailures } from '../../src/server/loginFailures.ts';
import { openMetrics } from '../../src/server/metrics.ts';
import { WORKER_STATES } from '../../src/server/words.ts';
import { readRules } from '../support/alertRules.ts';
import { FakeDoor } from '../support/fakeDoor.ts';
import {
  GRAFANA,
  allOf,
  everyQuery,
  filledIn,
  keptDashboards,
  labelValues,
  shownPanels,
  type GrafanaPanel,
} from '../support/grafana.ts';

const KEPT = keptDashboards();
const BOARDS = [...KEPT.values()];
const PANELS = BOARDS.flatMap((board) => shownPanels(board).map((panel) => ({ board, panel })));
const QUERIES = BOARDS.flatMap(everyQuery);
const METRICS = openMetrics(new FakeDoor(''), new LoginFailures()).descriptions();
const ALERTS = readRules().map(({ alert }) => alert);
const CHOSEN_SOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Labels that Prometheus gives. */
const ITS_OWN_LABELS = ['job', 'instance'];
/** Of series that are not Garrison's, by name. */
const OTHER_SERIES: ReadonlyMap<string, readonly string[]> = new Map([
  ['up', []],
  // `alertname` and `alertstate` are Prometheus' own; the rest come from the expressions of the rules.
  ['ALERTS', ['alertname', 'alertstate', 'severity', 'worker', 'container', 'loop', 'scope']],
]);

/** What no panel shows, and why. */
const NOT_SHOWN: Readonly<Record<string, string>> = {
  garrison_worker_up: 'the state timeline says the same and more: up and late are 1, all others 0',
};
/** Alerts that no panel leads to, and why. */
const NOT_LINKED: Readonly<Record<string, string>> = {
  GarrisonWatchdog: 'it always fires, and only its silence means something',
};

const ofPanel = (panel: GrafanaPanel, id: string): unknown[] =>
  (panel.fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
    properties.filter((property) => property.id === id).map(({ value }) => value),
  );

describe('the kept dashboards', () => {
  it('are what their source makes: npm run dashboards', () => {
    const made = dashboardFiles();
    assert.deepEqual([...KEPT.keys()].sort(), [...made.keys()].sort());
    for (const [name, text] of made) assert.equal(readFileSync(`${GRAFANA}${name}`, 'utf8'), text, name);
  });

  it('are an overview, the workers, the pushes and the containers, each under an address and a title of its own', () => {
    assert.deepEqual(
      BOARDS.map(({ uid }) => uid).sort(),
      ['containers', 'overview', 'pushes', 'workers'].map((name) => `garrison-${name}`),
    );
    for (const [name, { uid }] of KEPT) assert.equal(name, `${uid}.json`);
    assert.equal(new Set(BOARDS.map(({ title }) => title)).size, BOARDS.length);
  });

  it('hold no secret and no address but examples and loopback', () => {
    for (const name of KEPT.keys()) {
      const text = readFileSync(`${GRAFANA}${name}`, 'utf8');
      const hosts = [...text.matchAll(/https?:\/\/([^/:"]+)/g)].map((match) => match[1] ?? '');
      for (const host of hosts) assert.match(host, /^(?:127\.0\.0\.1|wiki\.example\.com)$/, name);
    }
  });

  it('are packed, and their source is not, which nothing that is packed could run', () => {
    const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: new URL('../../', import.meta.url),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ files } = { files: [] }] = JSON.parse(said) as { files: { path: string }[] }[];
    const packed = files.map(({ path }) => path).filter((path) => path.startsWith('dashboards/grafana/'));
    assert.deepEqual(packed.sort(), [...KEPT.keys()].map((name) => `dashboards/grafana/${name}`).sort());
  });
});

describe('the panels', () => {
  for (const board of BOARDS) {
    it(`of ${board.uid} have ids of their own and lie beside each other`, () => {
      const ids = board.panels.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      assert.ok(ids.every((id) => Number.isInteger(id) && id > 0));
      const taken = new Map<string, string>();
      for (const { title, gridPos } of board.panels) {
        assert.ok(gridPos.x >= 0 && gridPos.w > 0 && gridPos.x + gridPos.w <= 24, title);
        for (const cell of cellsOf(gridPos)) {
          assert.equal(taken.get(cell), undefined, `${title} lies on ${taken.get(cell) ?? ''}`);
          taken.set(cell, title);
        }
      }
    });

    it(`of ${board.uid} say what they mean, in which unit, and ask of the chosen Prometheus`, () => {
      assert.ok(shownPanels(board).length > 5);
      for (const panel of shownPanels(board)) assertWhole(panel);
      const titles = shownPanels(board).map(({ title }) => title);
      assert.equal(new Set(titles).size, titles.length);
    });
  }

  it('name only commands that exist', () => {
    const names = buildProgram().commands.map((command) => command.name());
    const texts = PANELS.map(({ panel }) => panel.description ?? '');
    const incidents = BOARDS.flatMap(({ annotations }) =>
      annotations.list.map(({ textFormat }) => textFormat),
    );
    for (const text of [...texts, ...incidents])
      for (const [, word = ''] of text.matchAll(/(?<!\w)garrison ([a-z-]+)/g))
        assert.ok(names.includes(word), text);
  });
});

function cellsOf({ x, y, w, h }: GrafanaPanel['gridPos']): string[] {
  return Array.from(
    { length: w * h },
    (_, index) => `${String(x + (index % w))},${String(y + Math.floor(index / w))}`,
  );
}

/** A unit that Grafana knows, or one that is written out. */
const UNIT = /^(?:none|s|bytes|percentunit|suffix:.+)$/;

function assertWhole(panel: GrafanaPanel): void {
  const { title, description = '', datasource, targets = [], fieldConfig } = panel;
  assert.match(title, /^[A-Z]/);
  assert.match(description, /^[A-Z0-9].{30,}\.$/, title);
  assert.deepEqual(datasource, CHOSEN_SOURCE, title);
  assert.ok(targets.length > 0, title);
  const refs = targets.map(({ refId }) => refId);
  assert.equal(new Set(refs).size, refs.length, title);
  for (const target of targets) assert.deepEqual(target.datasource, CHOSEN_SOURCE, title);
  const units = [fieldConfig?.defaults.unit ?? [], ...ofPanel(panel, 'unit')].flat();
  for (const unit of units) assert.match(String(unit), UNIT, title);
  const mapped = (fieldConfig?.defaults.mappings ?? []).length + ofPanel(panel, 'mappings').length;
  assert.ok(units.length > 0 || mapped > 0, `${title} has neither a unit nor words for its numbers`);
  if (panel.type !== 'table')
    for (const { legendFormat = '' } of targets) assert.match(legendFormat, /\{\{\w+\}\}/, title);
}

describe('the queries', () => {
  it('ask only for metrics that are exposed, and match and group by no label that they do not have', () => {
    const known = new Map(METRICS.map(({ name, type, labelNames }) => [name, { type, labelNames }] as const));
    for (const { where, expr } of QUERIES) {
      const selectors = [...expr.matchAll(/\b([A-Za-z_]\w*)\{([^}]*)\}/g)];
      assert.ok(selectors.length > 0, where);
      const labels = new Set(ITS_OWN_LABELS);
      for (const [, series = '', matchers = ''] of selectors) {
        const others = OTHER_SERIES.get(series);
        const base = series.replace(/_(?:bucket|count|sum)$/, '');
        const metric =
          known.get(series) ?? (known.get(base)?.type === 'histogram' ? known.get(base) : undefined);
        assert.ok(others !== undefined || metric !== undefined, `${where}: ${series}`);
        const own = [...ITS_OWN_LABELS, ...(others ?? metric?.labelNames ?? [])];
        for (const label of own) labels.add(label);
        for (const [, label = ''] of matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g))
          assert.ok(own.includes(label), `${where}: ${series} has no label ${label}`);
      }
      for (const [, grouped = ''] of expr.matchAll(/\bby \(([^)]*)\)/g))
        for (const label of grouped.split(', '))
          assert.ok(label === 'le' || labels.has(label), `${where}: grouped by ${label}`);
      assert.doesNotMatch(
        expr.replace(/\w+\{[^}]*\}/g, ''),
        /\bgarrison_/,
        `${where}: a metric without a choice`,
      );
    }
  });

  it('keep to the chosen jobs and instances', () => {
    for (const { where, expr } of QUERIES)
      for (const [, matchers = ''] of expr.matchAll(/\{([^}]*)\}/g))
        assert.ok(matchers.startsWith('job=~"$job", instance=~"$instance"'), `${where}: ${matchers}`);
  });

  it('look back as far as Grafana says, never for a fixed time', () => {
    for (const { where, expr } of QUERIES)
      for (const [, range = ''] of expr.matchAll(/\[([^\]]+)\]/g))
        assert.match(range, /^\$__(?:rate_interval|range)$/, where);
  });

  it('name in a legend only labels that the query leaves', () => {
    for (const { panel } of PANELS)
      for (const { expr, legendFormat = '' } of panel.targets ?? []) {
        const left = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          assert.ok(left.includes(label), `${panel.title}: ${label}`);
      }
  });

  it('show every metric, but for those with a reason', () => {
    const asked = QUERIES.map(({ expr }) => expr).join('\n');
    const missing = METRICS.map(({ name }) => name).filter(
      (name) => !new RegExp(`\\b${name}(?:_bucket|_count|_sum)?\\{`).test(asked),
    );
    assert.deepEqual(missing.sort(), Object.keys(NOT_SHOWN).sort());
  });
});

describe('the states', () => {
  for (const [uid, title, metric, states] of [
    ['garrison-workers', 'State of each worker', 'garrison_worker_state', WORKER_STATES],
    ['garrison-containers', 'State of each container', 'garrison_container_state', CONTAINER_STATES],
  ] as const) {
    it(`of ${uid} are a timeline, each with its number, its own word and a colour`, () => {
      const { panel } = PANELS.find((each) => each.board.uid === uid && each.panel.title === title) ?? {};
      assert.ok(panel?.type === 'state-timeline');
      const coded = [
        ...(panel.targets?.[0]?.expr ?? '').matchAll(/(\d+) \* \((\w+)\{[^}]*state="(\w+)"\} == 1\)/g),
      ];
      assert.deepEqual(
        coded.map((match) => match[3]),
        states,
      );
      assert.ok(coded.every((match) => match[2] === metric));
      const options = panel.fieldConfig?.defaults.mappings?.[0]?.options ?? {};
      for (const [, code = '', , state = ''] of coded) assert.equal(options[code]?.text, state);
      assert.equal(Object.keys(options).length, states.length);
      for (const { color = '' } of Object.values(options)) assert.match(color, /^#[0-9a-f]{6}$/);
    });
  }

  it('are good and bad in the colours of the page', () => {
    const page = readFileSync(new URL('../../src/server/pageFrame.ts', import.meta.url), 'utf8');
    assert.match(page, new RegExp(`\\.good::before [^}]*${GOOD}`));
    assert.match(page, new RegExp(`\\.bad::before [^}]*${BAD}`));
  });
});

describe('the frame', () => {
  for (const { uid, templating, annotations, links } of BOARDS) {
    it(`of ${uid} has variables for data source, job and instance, incidents, and links to the page and the runbooks`, () => {
      const variables = templating.list;
      assert.deepEqual(
        variables.map(({ name }) => name),
        ['datasource', 'job', 'instance', 'page', 'runbooks'],
      );
      for (const variable of variables.filter(({ type }) => type === 'query')) {
        assert.deepEqual(variable.datasource, CHOSEN_SOURCE);
        assert.ok(variable.multi && variable.includeAll);
        assert.equal(labelValues(variable).label, variable.name);
        assert.match(labelValues(variable).series, /^garrison_build_info/);
      }
      assert.ok(annotations.list.length >= 4);
      for (const { datasource, target } of annotations.list)
        assert.deepEqual([datasource, target.datasource], [CHOSEN_SOURCE, CHOSEN_SOURCE]);
      assert.deepEqual(
        links.map(({ type, url, tags }) => [type, url ?? tags.join()]),
        [
          ['dashboards', 'garrison'],
          ['link', '${page:raw}'],
          ['link', '${runbooks:raw}'],
        ],
      );
    });
  }

  it('leads from a panel to sections of the runbooks, and to each of them from some panel', () => {
    const linked = PANELS.flatMap(({ panel }) =>
      (panel.links ?? []).map(({ title, url = '' }) => {
        const [, alert = ''] = /^Runbook: (\w+)$/.exec(title) ?? [];
        assert.equal(url, `\${runbooks:raw}#${alert.toLowerCase()}`);
        return alert;
      }),
    );
    assert.deepEqual(
      ALERTS.filter((alert) => !linked.includes(alert)).sort(),
      Object.keys(NOT_LINKED).sort(),
    );
    assert.deepEqual(
      linked.filter((alert) => !ALERTS.includes(alert)),
      [],
    );
  });

  it('leads from each alert that fires to its section', () => {
    const { panel } = PANELS.find(({ panel: { title } }) => title === 'Alerts that fire now') ?? {};
    assert.ok(panel);
    const [[mapping] = []] = ofPanel(panel, 'mappings') as { options: Record<string, { text: string }> }[][];
    assert.deepEqual(
      Object.entries(mapping?.options ?? {}).map(([alert, { text }]) => [alert, text]),
      ALERTS.map((alert) => [alert, alert.toLowerCase()]),
    );
    const [[link] = []] = ofPanel(panel, 'links') as { url: string }[][];
    assert.equal(link?.url, '${runbooks:raw}#${__value.text}');
  });
});

describe('what is put in for variables', () => {
  it('is every value as a pattern, or what the variable says for all', () => {
    const variable = { name: 'job', type: 'query', query: '', multi: true, includeAll: true };
    assert.equal(allOf(variable, ['a.b', 'c']), '(a\\\\.b|c)');
    assert.equal(allOf({ ...variable, allValue: '.*' }, ['a']), '.*');
  });

  it('is never left out', () => {
    const values = new Map([['job', 'x']]);
    assert.equal(filledIn('a{job=~"$job"} or b{job=~"${job}"}', values), 'a{job=~"x"} or b{job=~"x"}');
    assert.throws(
      () => filledIn('rate(a[$__rate_interval])', values),
      /nothing is put in for \$__rate_interval/,
    );
    assert.equal(
      filledIn('label_replace(a, "b", "$1", "c", "(.+)")', values),
      'label_replace(a, "b", "$1", "c", "(.+)")',
    );
  });
});

it('nothing else lies in the folder of the dashboards', () => {
  assert.deepEqual(readdirSync(GRAFANA).sort(), [...KEPT.keys(), 'source'].sort());
});
