/**
 * Leads from a panel to the sections of the runbooks, one for each alert of the rules.
 * It never names an alert that the rules do not have.
 */
import { readFileSync } from 'node:fs';
import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import { parse } from 'yaml';

const RULES = new URL('../../prometheus/garrison.rules.yaml', import.meta.url);

export const ALERT_NAMES: readonly string[] = alertNames();

/** As the address of a section ends. */
export function sectionOf(alert: string): string {
  return alert.toLowerCase();
}

/** Raw, so that Grafana puts the address there letter by letter. */
export function runbookAddress(section: string): string {
  return `\${runbooks:raw}#${section}`;
}

/** Throws for an alert that there is not. */
export function runbookLinks(alerts: readonly string[]): DashboardLinkBuilder[] {
  return alerts.map((alert) => {
    if (!ALERT_NAMES.includes(alert)) throw new Error(`no rule is called ${alert}`);
    return new DashboardLinkBuilder(`Runbook: ${alert}`)
      .type(DashboardLinkType.Link)
      .url(runbookAddress(sectionOf(alert)))
      .targetBlank(true);
  });
}

function alertNames(): readonly string[] {
  const { groups } = parse(readFileSync(RULES, 'utf8')) as {
    groups: readonly { rules: readonly { alert: string }[] }[];
  };
  return groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
}
