import { LONGEST_MS } from '../../client/src/connection/beat.ts'
import { Adaptive } from './adaptive.ts'
import { Fixed } from './fixed.ts'
import { Mars } from './mars.ts'
import { type Cut, Network, type Path } from './network.ts'
import type { Strategy } from './strategy.ts'
import { Timeline } from './timeline.ts'

export type StrategyName = 'adaptive' | 'mars' | 'fixed25' | 'fixed240'
export const STRATEGIES: readonly StrategyName[] = ['adaptive', 'mars', 'fixed25', 'fixed240']
export const CUTS: readonly Cut[] = ['drop', 'reset', 'close']
/** In s; null: no limit. */
export const LIMITS_S: readonly (number | null)[] = [30, 45, 60, 90, 120, 180, 240, 300, 360, 480, 600, 900, 1800, null]
export const DAYS = 14
/** The longest beat of ours, in s. */
export const CAP_S = Math.floor((LONGEST_MS * 0.99) / 1000)
/** Of what the path and the cap allow: from there on it is settled. */
export const ALLOWED = 0.9
/** How often a run is looked at. */
export const STEP_MS = 10_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** What a strategy came to in so many days. */
export interface Result {
  readonly strategy: StrategyName
  /** The share of the time with a network in which the server could reach the client. */
  readonly reachable: number
  /** The interval at the end, and when it was found: ours when it had come to nine tenths of what the path and the cap allow; null: never. */
  readonly settledS: number | null
  readonly hoursToSettle: number | null
  /** Connections that the path took. */
  readonly losses: number
  readonly beatsPerDay: number
  readonly probesPerDay: number
  readonly joulesPerDay: number
}

/** What the table tells beside. */
export interface Traffic {
  readonly wakeUpsPerDay: number
  readonly connectsPerDay: number
  readonly bytesPerDay: number
}

export interface Row extends Result {
  readonly cut: Cut
  readonly limitS: number | null
}

export function start(name: StrategyName, time: Timeline, network: Network): Strategy {
  if (name === 'adaptive') return new Adaptive(time, network)
  if (name === 'mars') return new Mars(time, network)
  return new Fixed(time, network, name === 'fixed25' ? 25_000 : 240_000)
}

export function rowOf(name: StrategyName, cut: Cut, limitS: number | null, days = DAYS): { row: Row; traffic: Traffic } {
  const time = new Timeline()
  const network = new Network(time)
  const path: Path = { label: 'home', kind: 'cellular', cut, limitMs: limitS === null ? Number.POSITIVE_INFINITY : limitS * 1000 }
  network.move(path)
  const device = start(name, time, network)
  const enoughS = ALLOWED * Math.min(limitS ?? CAP_S, CAP_S)
  let hours: number | null = name.startsWith('fixed') && device.intervalS() <= (limitS ?? CAP_S) ? 0 : null
  while (time.nowMs < days * DAY_MS) {
    time.run(time.nowMs + STEP_MS)
    if (name === 'adaptive' ? device.intervalS() >= enoughS : name === 'mars' && device.settled()) hours ??= time.nowMs / HOUR_MS
  }
  const { traffic, ...result } = resultOf(name, network, device, days, hours, device.intervalS())
  return { row: { cut, limitS, ...result }, traffic }
}

export function resultOf(name: StrategyName, network: Network, device: Strategy, days: number, hours: number | null, settledS: number) {
  network.settle()
  const { radio } = network
  const a = (count: number) => rounded(count / days)
  return {
    strategy: name,
    reachable: rounded(network.reachableMs / network.networkMs, 6),
    settledS: hours === null ? null : rounded(settledS),
    hoursToSettle: hours === null ? null : rounded(hours, 3),
    losses: network.losses,
    beatsPerDay: a(device.beats),
    probesPerDay: a(device.probes),
    joulesPerDay: a(radio.joules),
    traffic: { wakeUpsPerDay: a(radio.wakeUps), connectsPerDay: a(network.connects), bytesPerDay: a(radio.bytes) },
  }
}

function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits))
}
