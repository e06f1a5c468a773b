import {
  type ClientFrame,
  type Clock,
  type ErrorCode,
  errorFromWire,
  InternalError,
  isAboutToken,
  type Random,
  SyncError,
} from '@tidemark/shared'
import { createAlarm } from '../alarm.ts'
import { BACKOFF_MAX_MS } from '../backoff.ts'
import type { Noted } from '../diagnostic.ts'
import type { BeatPolicy } from './beat-policy.ts'
import { type Connection, type ConnectionEvent, connectionWakeAtMs, NEVER, NOT_STARTED, stepConnection } from './connection.ts'
import type { Lifecycle, Network } from './hints.ts'
import type { Tokens } from './tokens.ts'
import type { LiveSocket, Transport } from './transport.ts'

/** In front, a device that slept is noticed this late at most, in ms. In the background its next beat notices, and costs nothing. */
export const LOOK_EVERY_MS = 2500
/** More than timers are late by, or clocks apart: the device slept. In ms. */
const SLEPT_MS = 2 * LOOK_EVERY_MS

export interface LinkPorts {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly tokens: Tokens
  readonly network: Network
  readonly lifecycle: Lifecycle
  readonly beat: BeatPolicy
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
  /** It is over. May be told again. */
  closed(live: Live): void
  changed(): void
  noted: Noted
}

/** The live connection: runs the machine of connection.ts over a transport. */
export interface Link {
  readonly state: Connection
  readonly policy: BeatPolicy
  tell(event: ConnectionEvent): void
  close(): void
}

export function createLink({ transport, clock, random, tokens, network, lifecycle, beat }: LinkPorts, listener: LinkListener): Link {
  let state = NOT_STARTED
  let policy = beat
  let end = () => {}
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
    network.onChange(hint),
    lifecycle.onChange((event) => {
      tell({ type: event === 'hide' ? 'pause' : 'resume', pause: 'page' })
      if (event === 'show' || event === 'touch') hint()
      arm()
    }),
  ]

  function arm(): void {
    setMs = { wall: clock.nowMs(), monotonic: clock.monotonicMs() }
    if (lookAtMs <= setMs.monotonic) lookAtMs = setMs.monotonic + LOOK_EVERY_MS
    dueMs = state.name === 'offline' ? NEVER : Math.min(connectionWakeAtMs(state), lifecycle.inFront() ? lookAtMs : NEVER)
    alarm(dueMs)
  }

  /** Since the alarm was set, as far as clocks tell: one of them stood still or jumped, or the alarm is late. */
  function slept(): boolean {
    const monotonicMs = clock.monotonicMs()
    const apartMs = Math.abs(clock.nowMs() - setMs.wall - (monotonicMs - setMs.monotonic))
    return dueMs < NEVER && Math.max(apartMs, monotonicMs - dueMs) > SLEPT_MS
  }

  function tell(event: ConnectionEvent): void {
    if (slept()) {
      arm()
      listener.noted('slept')
      // The socket may be long dead, whatever it says; a frame may have lain here all the while.
      hint()
      if (event.type === 'frame') return
    }
    change(event)
  }

  function change(event: ConnectionEvent): void {
    const nowMs = clock.monotonicMs()
    const before = state
    // In the background nobody waits for it: seldom enough to spare the radio.
    const waitMaxMs = lifecycle.inFront() ? BACKOFF_MAX_MS : Math.max(BACKOFF_MAX_MS, policy.intervalMs)
    const { state: after, effects } = stepConnection(before, event, nowMs, random.unit(), policy, waitMaxMs)
    if (after === before) return
    state = after
    if (before.name !== after.name) {
      if (after.name === 'open') listener.noted('open')
      if (after.name === 'waiting') listener.noted('closed', after.because)
    }
    if (before.name === 'open' && before.deadAtMs < NEVER) {
      if (event.type === 'frame') policy = policy.answered(nowMs)
      else if (event.type !== 'failed' && after.name === 'waiting') policy = policy.missed(nowMs)
    }
    // Whatever ends a second attempt after its hello may be about the token, and be lost on the way.
    if (before.name === 'greeting' && after.name === 'waiting' && before.attempt > 1) tokens.refuse(after.because)
    for (const effect of effects) {
      if (effect === 'open') end = open()
      else if (effect === 'close') end()
      else listener.beat()
    }
    arm()
    listener.changed()
  }

  /** Returns what ends it. */
  function open(): () => void {
    let socket: LiveSocket | undefined
    const live = {
      token: '',
      over: false,
      send: (frame: ClientFrame) => socket?.send(JSON.stringify(frame)),
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
              tell({ type: 'frame' })
              listener.frame(live, text)
            }),
            closed: (code) => live.fail(errorOfClose(code)),
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
    get policy() {
      return policy
    },
    tell,
    close() {
      tell({ type: 'pause', pause: 'closed' })
      for (const end of endings) end()
    },
  }
}

export function asSyncError(error: unknown): SyncError {
  return error instanceof SyncError ? error : new InternalError('this device failed', { cause: error })
}

/** Codes of protocol §9; whatever else ends a connection means that the server cannot be reached. */
const CLOSES: Readonly<Record<number, ErrorCode>> = {
  4401: 'unauthenticated',
  4403: 'forbidden',
  4413: 'too-large',
  4426: 'upgrade-required',
  4429: 'rate-limited',
}

function errorOfClose(code: number): SyncError {
  return errorFromWire({ code: CLOSES[code] ?? 'unavailable', message: `the connection ended with code ${code}` })
}
