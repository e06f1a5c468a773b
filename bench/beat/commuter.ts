import { Network, type Path } from './network.ts'
import { ALLOWED, DAY_MS, DAYS, HOUR_MS, type Result, resultOf, STEP_MS, type StrategyName, start, type Traffic } from './rows.ts'
import { Timeline } from './timeline.ts'

const HOME: Path = { label: 'home', kind: 'wifi', cut: 'drop', limitMs: 600_000 }
const CARRIER: Path = { label: 'carrier', kind: 'cellular', cut: 'drop', limitMs: 300_000 }
const OFFICE: Path = { label: 'office', kind: 'wifi', cut: 'close', limitMs: 60_000 }
const CAFE: Path = { label: 'cafe', kind: 'wifi', cut: 'drop', limitMs: 120_000 }
const TUNNEL = undefined

/** From when of the day, in hours, which path: two kinds of network, three of one kind, and a way to work through tunnels. */
const DAY: readonly (readonly [fromHours: number, path: Path | undefined])[] = [
  [0, HOME],
  [7.5, CARRIER],
  [7.7, TUNNEL],
  [7.75, CARRIER],
  [8, TUNNEL],
  [8.03, CARRIER],
  [8.25, OFFICE],
  [12, CAFE],
  [13, OFFICE],
  [17.5, CARRIER],
  [17.7, TUNNEL],
  [17.75, CARRIER],
  [18.25, HOME],
]

/**
 * The same day again and again. `settledS`: the mean interval of the last day; `hoursToSettle`: until each path was given nine tenths of what it
 * allows; null: never.
 */
export function commuterOf(name: StrategyName, days = DAYS): { row: Result; traffic: Traffic } {
  const time = new Timeline()
  const network = new Network(time)
  network.move(HOME)
  const device = start(name, time, network)
  const unsettled = new Set(DAY.flatMap(([, path]) => path ?? []))
  let hours: number | null = null
  let beatsBefore = 0
  for (let day = 0; day < days; day++) {
    beatsBefore = device.beats
    for (const [at, [, path]] of DAY.entries()) {
      if (path !== network.path) {
        network.move(path)
        if (path) device.moved()
      }
      const untilMs = day * DAY_MS + (DAY[at + 1]?.[0] ?? 24) * HOUR_MS
      while (time.nowMs < untilMs) {
        time.run(Math.min(untilMs, time.nowMs + STEP_MS))
        const intervalMs = device.intervalS() * 1000
        if (path && intervalMs >= ALLOWED * path.limitMs && intervalMs <= path.limitMs) unsettled.delete(path)
        if (unsettled.size === 0) hours ??= time.nowMs / HOUR_MS
      }
    }
  }
  const settledS = DAY_MS / 1000 / (device.beats - beatsBefore)
  const { traffic, ...row } = resultOf(name, network, device, days, hours, settledS)
  return { row, traffic }
}
