import { type ClientFrame, type Clock, type ErrorCode, errorFromWire, isAboutToken, type Random, type SyncError } from '@tidemark/shared'
import { createAlarm } from '../alarm.ts'
import { asSyncError } from '../as-sync-error.ts'
import { BACKOFF_MAX_MS } from '../backoff.ts'
import type { Noted } from '../diagnostic.ts'
import type { BeatPolicy } from './beat-policy.ts'
import {
  type Connection,
  type ConnectionEvent,
  connectionWakeAtMs,
  NEVER,
  type NextBeat,
  NOT_STARTED,
  stepConnection,
} from './connection.ts'
import type { Lifecycle, Network } from './hints.ts'
import { fixedPace, type Pace, type PaceEvent } from './pace.ts'
import type { Tap } from './tap.ts'
import type { Tokens } from './tokens.ts'
import type { LiveSocket, Transport } from './transport.ts'

/** In front, a device that slept is noticed this late at most, in ms. In the background its next beat notices, and costs nothing. */
export const LOOK_EVERY_MS = 2500
/** More than timers are late by, or clocks apart: the device slept. In ms. */
const SLEPT_MS = 2 * LOOK_EVERY_MS
/** Timers of a hidden page ring once a minute: so late they tell of no sleep, though the socket is asked all the same. In ms. */
const HIDDEN_LATE_MS = 60_000 + SLEPT_MS
/** In front sums are compared this often at least, whatever else is sent, in ms. */
export const COMPARE_MS = 300_000

/** The longest pause in front, in ms: together with an attempt that hung, connected within 30 s where the server can be reached. */
const FRONT_WAIT_MAX_MS = 8_000

export interface LinkPorts {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly tokens: Tokens
  readonly network: Network
  readonly lifecycle: Lifecycle
  readonly tap?: Tap | undefined
  /** At first, and where nothing can be learned. */
  readonly beat: BeatPolicy
  /** What finds out how seldom it may be: fetched once a connection is there. */
  readonly learnedPace?: (() => Promise<(ports: LearnedPacePorts) => Pace>) | undefined
}

export interface LearnedPacePorts extends Pick<LinkPorts, 'transport' | 'clock'> {
  readonly inFront: boolean
  /** When the last frame of ours left. */
  readonly sentAtMs: number
  /** The hello of a socket beside the live one, that follows nothing. */
  hello(nextS: number): ClientFrame
  /** Whether a connection with this code was ended by the path, and not by the server. */
  isOfPath(code: number): boolean
  /** It may want to be woken at another time now. */
  changed(): void
}

/** One connection. Of one that is over nothing comes, and what is said to it does nothing. */
export interface Live {
  /** What its hello shows, or what came in its place since. */
  token: string
  readonly over: boolean
  send(frame: ClientFrame): void
  fail(because: SyncError, windowMs?: readonly [number, number]): void
}

/** What the link tells. */
export interface LinkListener {
  /** The socket is open: say hello. */
  opened(live: Live): void
  frame(live: Live, text: string): void
  /** Time to send a beat. */
  beat(): void
  /** The hello of a socket beside the live one, that follows nothing. */
  probe(nextS: number): ClientFrame
  /** It is over. May be told again. */
  closed(live: Live): void
  changed(): void
  noted: Noted
}

/** The live connection: runs the machine of connection.ts over a transport. */
export interface Link {
  readonly state: Connection
  readonly pace: Pace
  tell(event: ConnectionEvent): void
  close(): void
}

export function createLink({ transport, clock, random, tokens, network, lifecycle, ...ports }: LinkPorts, listener: LinkListener): Link {
  let state = NOT_STARTED
  let end = () => {}
  let pace = fixedPace(ports.beat)
  let beatS = Math.round(pace.intervalMs / 1000)
  let isLearning = false
  let comparedAtMs = 0
  /** Since the last greeting the device told of another network. */
  let moved = false
  let socket: LiveSocket | undefined
  /** As far as its code tells, the present connection was ended by the path and not by the server. */
  let closedByPath = false
  let lookAtMs = 0
  /** What the alarm is set to, and both clocks at that moment. */
  let dueMs = NEVER
  let setMs = { wall: 0, monotonic: 0 }
  const alarm = createAlarm(clock, () => {
    tell({ type: 'time' })
    arm()
  })
  const hint = () => change({ type: 'hint' })
  const endings = [
    network.onChange(() => {
      moved = true
      hint()
    }),
    lifecycle.onChange((event) => {
      tell({ type: event === 'hide' ? 'pause' : 'resume', pause: 'page' })
      tellPace({ type: lifecycle.inFront() ? 'front' : 'back' })
      if (event === 'show' || event === 'touch') hint()
      arm()
    }),
  ]

  function nextBeat(): NextBeat {
    const { beatAtMs, answerMs } = pace
    return { atMs: lifecycle.inFront() ? Math.min(beatAtMs, comparedAtMs + COMPARE_MS) : beatAtMs, answerMs }
  }

  function arm(): void {
    setMs = { wall: clock.nowMs(), monotonic: clock.monotonicMs() }
    if (lookAtMs <= setMs.monotonic) lookAtMs = setMs.monotonic + LOOK_EVERY_MS
    const wakeAtMs = Math.min(connectionWakeAtMs(state, nextBeat()), pace.wakeAtMs, lifecycle.inFront() ? lookAtMs : NEVER)
    // What is overdue is late from now on: a sleep that was noticed is over.
    dueMs = state.name === 'offline' ? NEVER : Math.max(setMs.monotonic, wakeAtMs)
    alarm(dueMs)
  }

  /** For how long, since the alarm was set, as far as clocks tell: one of them stood still or jumped, or the alarm is late. */
  function sleptMs(): number {
    const monotonicMs = clock.monotonicMs()
    const apartMs = Math.abs(clock.nowMs() - setMs.wall - (monotonicMs - setMs.monotonic))
    return dueMs < NEVER ? Math.max(apartMs, monotonicMs - dueMs) : 0
  }

  /** Returns whether it did. */
  function noticeSleep(): boolean {
    const ms = sleptMs()
    if (ms <= SLEPT_MS) return false
    arm()
    if (lifecycle.inFront() || ms > HIDDEN_LATE_MS) listener.noted('slept')
    // The socket may be long dead, whatever it says.
    hint()
    return true
  }

  function tell(event: ConnectionEvent): void {
    // A frame may have lain here all the while.
    if (!noticeSleep() || event.type !== 'frame') change(event)
  }

  function change(event: ConnectionEvent): void {
    const nowMs = clock.monotonicMs()
    const before = state
    // In the background nobody waits for it: seldom enough to spare the radio. And a source whose tokens are bad one after the other is
    // not asked at the pace of a network.
    const isBad = event.type === 'failed' && isAboutToken(event.because) && isRefusal(before)
    const frontMaxMs = isBad ? BACKOFF_MAX_MS : FRONT_WAIT_MAX_MS
    const waitMaxMs = lifecycle.inFront() ? frontMaxMs : Math.max(BACKOFF_MAX_MS, pace.intervalMs)
    const { state: after, effects } = stepConnection(before, event, nowMs, random.unit(), nextBeat(), waitMaxMs)
    if (event.type === 'frame') tellPace({ type: 'heard' })
    else if (event.type === 'time') tellPace({ type: 'time' })
    if (after === before) return
    state = after
    if (before.name !== after.name) {
      if (after.name === 'open') listener.noted('open')
      if (after.name === 'waiting' && before.name !== 'offline') listener.noted('closed', after.because)
    }
    if (before.name === 'open' && effects.includes('close'))
      tellPace({ type: 'lost', silently: event.type === 'time' || event.type === 'hint' || closedByPath })
    closedByPath = false
    if (before.name === 'greeting' && after.name === 'open') greeted()
    // Whatever ends a second attempt after its hello may be about the token, and be lost on the way.
    if (before.name === 'greeting' && after.name === 'waiting' && before.attempt > 1) tokens.refuse(after.because)
    for (const effect of effects) {
      if (effect === 'open') end = open()
      else if (effect === 'close') end()
      else {
        tellPace({ type: 'promised' })
        listener.beat()
      }
    }
    arm()
    listener.changed()
  }

  function tellPace(event: PaceEvent): void {
    noticeSleep()
    const nowMs = clock.monotonicMs()
    if (event.type === 'promised') comparedAtMs = nowMs
    pace.tell(event, nowMs)
    repaced()
  }

  function repaced(): void {
    arm()
    const nowS = Math.round(pace.intervalMs / 1000)
    if (nowS === beatS) return
    beatS = nowS
    listener.changed()
  }

  function greeted(): void {
    tellPace({ type: 'opened', kind: network.kind(), endpoint: socket?.endpoint, moved })
    moved = false
    if (!ports.learnedPace || isLearning) return
    isLearning = true
    ports.learnedPace().then(
      (learnedPace) => {
        const sentAtMs = pace.beatAtMs - pace.intervalMs
        const { probe: hello } = listener
        pace = learnedPace({ transport, clock, hello, isOfPath, changed: repaced, inFront: lifecycle.inFront(), sentAtMs })
        if (state.name === 'open') greeted()
      },
      () => {
        isLearning = false
      },
    )
  }

  /** Returns what ends it. */
  function open(): () => void {
    const live = {
      token: '',
      over: false,
      send(frame: ClientFrame) {
        if (!socket || live.over) return
        const text = JSON.stringify(frame)
        ports.tap?.heard?.('out', text)
        socket.send(text)
        // A beat counted when it was due.
        if (frame.t !== 'beat') tellPace({ type: frame.t === 'hello' ? 'promised' : 'sent' })
      },
      fail(because: SyncError, windowMs?: readonly [number, number]) {
        if (live.over) return
        if (isAboutToken(because)) tokens.refuse(because)
        tell({ type: 'failed', because, windowMs })
      },
    }
    const unlessOver =
      <A extends unknown[]>(work: (...args: A) => void) =>
      (...args: A) => {
        if (!live.over) work(...args)
      }
    tokens
      .get()
      .then(
        unlessOver((token) => {
          live.token = token
          socket = transport.connect({
            opened: unlessOver(() => {
              tell({ type: 'opened' })
              listener.opened(live)
            }),
            frame: unlessOver((text) => {
              ports.tap?.heard?.('in', text)
              tell({ type: 'frame' })
              listener.frame(live, text)
            }),
            closed: (code) => {
              closedByPath = !live.over && isOfPath(code)
              live.fail(errorOfClose(code))
            },
          })
        }),
      )
      .catch((error: unknown) => live.fail(asSyncError(error)))
    return () => {
      live.over = true
      socket?.close()
      socket = undefined
      listener.closed(live)
    }
  }

  return {
    get state() {
      return state
    },
    get pace() {
      return pace
    },
    tell,
    close() {
      tell({ type: 'pause', pause: 'closed' })
      for (const end of endings) end()
    },
  }
}

/** The attempt before was about its token, too. */
function isRefusal(state: Connection): boolean {
  return 'because' in state && state.because !== undefined && isAboutToken(state.because)
}

/** Codes of protocol §9; whatever else ends a connection means that the server cannot be reached. */
const CLOSES: Readonly<Record<number, ErrorCode>> = {
  4401: 'unauthenticated',
  4403: 'forbidden',
  4413: 'too-large',
  4426: 'upgrade-required',
  4429: 'rate-limited',
}

/** The server's own codes begin there. */
function isOfPath(code: number): boolean {
  return code < 4000
}

function errorOfClose(code: number): SyncError {
  return errorFromWire({ code: CLOSES[code] ?? 'unavailable', message: `the connection ended with code ${code}` })
}
