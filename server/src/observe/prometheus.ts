import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { GatewayMetrics } from './gateway-metrics.ts'
import type { BackendMetrics, LaneMetrics } from './metrics.ts'

/** The metrics of one server, and the text that /metrics answers with. */
export interface Prometheus {
  readonly backend: BackendMetrics
  readonly gateway: GatewayMetrics
  readonly lanes: LaneMetrics
  readonly contentType: string
  text(): Promise<string>
}

export function createPrometheus(): Prometheus {
  const registry = new Registry()
  const registers = [registry]
  const connections = new Gauge({ registers, name: 'tidemark_connections', help: 'Live connections that are open.' })
  const commits = new Counter({
    registers,
    name: 'tidemark_commits_total',
    help: 'Commits made, by who wrote them: clients, code of the server, or API keys.',
    labelNames: ['source'],
  })
  const group = new Histogram({
    registers,
    name: 'tidemark_group_mutations',
    help: 'Mutations that went into the changelog in one write transaction.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
  })
  const groupSeconds = new Histogram({
    registers,
    name: 'tidemark_group_seconds',
    help: 'Duration of one write transaction, until it was durable.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
  })
  const ranges = new Counter({ registers, name: 'tidemark_ranges_total', help: 'Ranges read, by form.', labelNames: ['form'] })
  const rangeChanges = new Counter({ registers, name: 'tidemark_range_changes_total', help: 'Changes in the ranges read.' })
  const rangeBytes = new Counter({ registers, name: 'tidemark_range_bytes_total', help: 'Bytes of the ranges read.' })
  const sent = new Counter({ registers, name: 'tidemark_ranges_sent_total', help: 'Ranges sent over live connections, one a reader.' })
  const gaps = new Counter({ registers, name: 'tidemark_gaps_total', help: 'Copies whose place was stated again: something was lost.' })
  const behind = new Counter({ registers, name: 'tidemark_behind_total', help: 'Follows ended for a slow or far reader.' })
  const resets = new Counter({ registers, name: 'tidemark_resets_total', help: 'Copies begun anew, by reason.', labelNames: ['reason'] })
  const refusals = new Counter({
    registers,
    name: 'tidemark_refusals_total',
    help: 'Mutations, frames, spaces and requests refused, by code.',
    labelNames: ['code'],
  })
  const waits = new Histogram({
    registers,
    name: 'tidemark_admission_wait_seconds',
    help: 'How long hellos and pulls waited for their turn.',
    buckets: [0, 0.1, 0.5, 1, 2, 5],
  })
  const away = new Counter({
    registers,
    name: 'tidemark_sent_away_total',
    help: 'Hellos and pulls told to come later: too many came at once.',
  })
  const says = new Counter({ registers, name: 'tidemark_says_total', help: 'Things said in lanes that were taken.' })
  const saysStored = new Counter({
    registers,
    name: 'tidemark_lane_says_total',
    help: 'Things said that were stored for a tick: no repeats.',
  })
  const saysSeconds = new Histogram({
    registers,
    name: 'tidemark_lane_store_seconds',
    help: 'Duration of one transaction of what was said, until it outlived the process.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
  })
  const ticksMerged = new Counter({ registers, name: 'tidemark_lane_ticks_total', help: 'Ticks of lanes that were merged.' })
  const items = new Counter({ registers, name: 'tidemark_lane_items_total', help: 'Items in the ticks that were merged.' })
  const cut = new Counter({
    registers,
    name: 'tidemark_lane_cut_total',
    help: 'Things said that were sampled away: their ticks were full.',
  })
  const ticksSent = new Counter({ registers, name: 'tidemark_ticks_sent_total', help: 'Ticks of lanes sent, one a reader.' })
  const ticksMissed = new Counter({ registers, name: 'tidemark_ticks_missed_total', help: 'Ticks not sent to a reader that is slow.' })
  for (const source of ['client', 'server', 'api']) commits.inc({ source }, 0)
  for (const reason of ['history', 'rights', 'horizon']) resets.inc({ reason }, 0)
  for (const form of ['log', 'compacted', 'empty']) ranges.inc({ form }, 0)

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    backend: {
      group(mutations, durationMs) {
        group.observe(mutations)
        groupSeconds.observe(durationMs / 1000)
      },
      committed: (source, made) => commits.inc({ source }, made),
      refused: (code) => refusals.inc({ code }),
      stopped: (code) => refusals.inc({ code }),
      range(form, changes, bytes) {
        ranges.inc({ form })
        rangeChanges.inc(changes)
        rangeBytes.inc(bytes)
      },
      reset: (reason) => resets.inc({ reason }),
    },
    lanes: {
      said(says, durationMs) {
        saysStored.inc(says)
        saysSeconds.observe(durationMs / 1000)
      },
      tick(count, cutAway) {
        ticksMerged.inc()
        items.inc(count)
        cut.inc(cutAway)
      },
    },
    gateway: {
      opened: () => connections.inc(),
      closed: () => connections.dec(),
      admitted: (waitMs) => waits.observe(waitMs / 1000),
      sentAway: () => away.inc(),
      ranges: () => sent.inc(),
      gaps: () => gaps.inc(),
      behind: () => behind.inc(),
      said: () => says.inc(),
      ticks: () => ticksSent.inc(),
      tickMissed: () => ticksMissed.inc(),
      refused: (code) => refusals.inc({ code }),
    },
  }
}
