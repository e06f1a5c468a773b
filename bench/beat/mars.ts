import type { Network, Socket } from './network.ts'
import type { Strategy } from './strategy.ts'
import type { Timeline } from './timeline.ts'

// The heartbeat of Tencent Mars, from its rules as we restate them (mars/stn: config.h, smart_heartbeat.cc, longlink.cc, longlink_connect_monitor.cc at
// 6aa5b567), for an app that is never in front, and whose timers are on time.

const MIN_S = 210
const MAX_S = 600
const STEP_S = 60
const SUCCESS_STEP_S = 20
const CAP_S = MAX_S - SUCCESS_STEP_S
const FAILS = 2
const SUCCESSES = 5
const DELAYED = 3
const AGAIN_MS = 7 * 24 * 3_600_000
const VERDICT_MS = 8_000
const ALARM_MS = 500
const LADDER_S = [0, 60, 120, 240, 360, 480, 600]
const LADDER_MS = 600_000

interface Learned {
  heartS: number
  stable: boolean
  succ: number
  fail: number
  modifiedMs: number
}

export class Mars implements Strategy {
  beats = 0
  readonly probes = 0
  readonly #time: Timeline
  readonly #network: Network
  readonly #learned = new Map<string, Learned>()
  #net: Learned = fresh()
  #succTotal = 0
  #pre = MIN_S
  #cur = MIN_S
  #last = MIN_S
  #pending = false
  #rung = 0
  #attemptMs = Number.NEGATIVE_INFINITY
  #socket: Socket | undefined
  #cancelBeat = () => {}
  #cancelVerdict = () => {}

  constructor(time: Timeline, network: Network) {
    this.#time = time
    this.#network = network
    this.#connect()
  }

  moved(): void {
    this.#disconnect()
    this.#connect()
  }

  intervalS(): number {
    return this.#net.heartS
  }

  settled(): boolean {
    return this.#net.stable
  }

  #connect(): void {
    this.#attemptMs = this.#time.nowMs
    this.#socket = this.#network.connect(true, {
      opened: () => {
        this.#established()
        this.#beat()
      },
      heard: () => {
        this.#cancelVerdict()
        this.#result(true, false)
      },
      closed: () => this.#lost(),
    })
  }

  #beat(): void {
    this.beats++
    this.#socket?.send()
    this.#pending = true
    this.#cancelVerdict()
    this.#cancelVerdict = this.#time.after(VERDICT_MS, () => {
      this.#result(false, true)
      this.#lost()
    })
    this.#cancelBeat()
    this.#cancelBeat = this.#time.after(this.#next() * 1000, () => this.#beat())
  }

  #lost(): void {
    this.#disconnect()
    const elapsedMs = this.#time.nowMs - this.#attemptMs
    this.#rung = elapsedMs < LADDER_MS ? Math.min(this.#rung + 1, LADDER_S.length - 1) : Math.max(this.#rung - 1, 0)
    const waitMs = (LADDER_S[this.#rung] ?? 0) * 1000 - elapsedMs
    this.#cancelBeat = this.#time.after(Math.max(ALARM_MS, waitMs), () => this.#connect())
  }

  #disconnect(): void {
    this.#socket?.close()
    this.#socket = undefined
    this.#cancelBeat()
    this.#cancelVerdict()
    this.#result(false, false)
    this.#net.succ = 0
    if (this.#net.stable) this.#last = MIN_S
  }

  #established(): void {
    const label = this.#network.path?.label ?? ''
    const known = this.#learned.get(label) ?? fresh()
    this.#learned.set(label, known)
    if (known !== this.#net) known.succ = 0
    this.#net = known
    this.#succTotal = 0
    this.#pre = MIN_S
    this.#cur = MIN_S
  }

  #next(): number {
    const { heartS } = this.#net
    this.#last = this.#succTotal < DELAYED || heartS < MIN_S || heartS >= MAX_S ? MIN_S : heartS
    return this.#last
  }

  #result(ok: boolean, timeout: boolean): void {
    if (!this.#pending) return
    const net = this.#net
    this.#pre = this.#cur
    this.#cur = this.#last
    this.#pending = false
    if (ok) this.#succTotal++
    if (this.#succTotal <= DELAYED || this.#last !== net.heartS) return
    const { nowMs } = this.#time
    if (ok) {
      if (this.#last === this.#pre) {
        net.succ++
        net.fail = 0
      }
      if (net.stable) {
        if (net.heartS >= CAP_S || nowMs - net.modifiedMs < AGAIN_MS) return
        Object.assign(net, { heartS: net.heartS + SUCCESS_STEP_S, stable: false, succ: 0, fail: 0 })
      } else if (net.succ >= SUCCESSES) {
        net.succ = 0
        if (net.heartS >= CAP_S) Object.assign(net, { heartS: CAP_S, stable: true })
        else net.heartS = Math.min(CAP_S, net.heartS + STEP_S)
      }
    } else {
      if (timeout) net.succ = 0
      net.fail++
      if (this.#last === MIN_S) return
      if (net.fail >= FAILS) {
        const heartS = net.stable ? MIN_S : Math.max(MIN_S, net.heartS - STEP_S - SUCCESS_STEP_S)
        Object.assign(net, { heartS, stable: !net.stable, succ: 0, fail: 0 })
      }
    }
    net.modifiedMs = nowMs
  }
}

function fresh(): Learned {
  return { heartS: MIN_S, stable: false, succ: 0, fail: 0, modifiedMs: 0 }
}
