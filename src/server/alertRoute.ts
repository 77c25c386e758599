/**
 * Takes the webhook of Prometheus' Alertmanager (its format, version 4) and answers what became of each alert.
 * It reads of an alert its name, times, fingerprint and two labels, and believes none of them.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { wallTime } from '../clock.ts';
import type { Door } from '../supervisor/door.ts';
import { readBody } from './body.ts';
import { API_VERSION } from './collection.ts';

const MOST_ALERTS = 1_000;
const LONGEST_LABEL = 1_000;

const Label = z.string().max(LONGEST_LABEL);

/** Of all else that Alertmanager sends, now or in a later version of itself, nothing is read. */
const AlertBody = z.object({
  status: z.enum(['firing', 'resolved']),
  fingerprint: z.string().regex(/^[0-9a-f]{1,64}$/, 'must be a fingerprint'),
  startsAt: z.iso.datetime({ offset: true }).max(40),
  labels: z.object({ alertname: Label, worker: Label.optional(), container: Label.optional() }),
});

const Delivery = z.object({
  version: z.literal('4', 'must be 4, the format of Alertmanager 0.15 and newer'),
  alerts: z.array(AlertBody).max(MOST_ALERTS),
});

export function addAlertRoute(app: FastifyInstance, door: Door): void {
  app.post('/api/v1/hooks/alertmanager', { config: { access: 'hook' } }, async (request) => {
    const { alerts } = readBody(Delivery, request.body);
    const items = await door.takeAlerts(
      alerts.map(({ labels, ...alert }) => ({
        ...alert,
        alertname: labels.alertname,
        worker: labels.worker ?? null,
        container: labels.container ?? null,
      })),
    );
    return { apiVersion: API_VERSION, kind: 'AlertAnswerList', observedAt: wallTime(), items };
  });
}
