import {
  type ClientFrame,
  type Clock,
  type ErrorDetail,
  ForbiddenError,
  InternalError,
  type Random,
  RateLimitedError,
  SyncError,
  TooLargeError,
  UnauthenticatedError,
  UnavailableError,
  UpgradeRequiredError,
} from '@tidemark/shared'
import { createAlarm } from '../alarm.ts'
import type { BeatPolicy } from './beat-policy.ts'
import { type Connection, type ConnectionEvent, connectionWakeAtMs, NOT_STARTED, stepConnection } from './connection.ts'
import type { Lifecycle, Network } from './hints.ts'
import type { Tokens } from './tokens.ts'
import type { LiveSocket, Transport } from './transport.ts'

/** A device that slept is noticed this late at most while it runs, in ms. */
const LOOK_EVERY_MS = 15_000

export interface LinkPorts {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly tokens: Tokens
  readonly network: Network
  readonly lifecycle: Lifecycle
  readonly beat: BeatPolicy
}

/** What the link tells; `connection` is the number of the connection, and nothing comes of one that is over. */
export interface LinkListener {
  /** The socket is open: say hello with this token. */
  opened(connection: number, token: string): void
  frame(connection: number, text: string): void
  /** Time to send a beat with this promise. */
  beat(connection: number, nextS: number): void
  /** It is over. */
  closed(connection: number): void
  changed(state: Connection): void
}

/** The live connection: runs the machine of connection.ts over a transport. */
export interface Link {
  readonly state: Connection
  readonly policy: BeatPolicy
  /** Does nothing for a connection that is over. */
  send(connection: number, frame: ClientFrame): void
  tell(event: ConnectionEvent): void
  /** Ends this connection, or does nothing when it is over already. */
  fail(connection: number, because: SyncError, windowMs?: readonly [number, number]): void
  close(): void
}

export function createLink(ports: LinkPorts, listener: LinkListener): Link {
  const { transport, clock, random, tokens } = ports
  let state: Connection = NOT_STARTED
  let policy = ports.beat
  let number = 0
  let socket: LiveSocket | undefined
  let looked = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs(), forMs: 0 }
  const alarm = createAlarm(clock, () => {
    // A timer that is this late means a device that slept: sockets that say they are open may be long dead.
    const lateMs = Math.max(clock.nowMs() - looked.wallMs, clock.monotonicMs() - looked.monotonicMs) - looked.forMs
    if (lateMs > 2 * policy.intervalMs) tell({ type: 'hint' })
    tell({ type: 'time' })
    arm()
  })
  const endings = [
    ports.network.onChange(() => tell({ type: 'hint' })),
    ports.lifecycle.onChange((event) => {
      if (event === 'hide') tell({ type: 'pause', pause: 'page' })
      else {
        tell({ type: 'resume', pause: 'page' })
        tell({ type: 'hint' })
      }
    }),
  ]

  function arm(): void {
    const nowMs = clock.monotonicMs()
    const atMs = state.name === 'offline' ? Number.POSITIVE_INFINITY : Math.min(connectionWakeAtMs(state), nowMs + LOOK_EVERY_MS)
    looked = { wallMs: clock.nowMs(), monotonicMs: nowMs, forMs: Math.max(0, atMs - nowMs) }
    alarm.set(atMs)
  }

  function tell(event: ConnectionEvent): void {
    const nowMs = clock.monotonicMs()
    const before = state
    const { state: after, effects } = stepConnection(before, event, nowMs, random.unit(), policy)
    if (after === before) return
    state = after
    if ('beat' in before && Number.isFinite(before.beat.deadAtMs)) {
      if (event.type === 'frame') policy = policy.answered(nowMs)
      else if (event.type === 'time' && after.name === 'waiting') policy = policy.missed(nowMs)
    }
    // Whatever ends a second attempt after its hello may be about the token, and be lost on the way.
    if (before.name === 'greeting' && after.name === 'waiting' && before.attempt > 1) tokens.refuse(after.because)
    for (const effect of effects) {
      if (effect === 'open') {
        const attempt = ++number
        open(attempt).catch((error: unknown) => fail(attempt, asSyncError(error)))
      } else if (effect === 'beat') listener.beat(number, policy.promisedS)
      else {
        const ended = number++
        socket?.close()
        socket = undefined
        listener.closed(ended)
      }
    }
    arm()
    if (after.name !== before.name || after.name === 'waiting') listener.changed(after)
  }

  async function open(attempt: number): Promise<void> {
    const token = await tokens.get()
    if (attempt !== number) return
    socket = transport.connect({
      opened() {
        if (attempt !== number) return
        tell({ type: 'opened' })
        listener.opened(attempt, token)
      },
      frame(text) {
        if (attempt !== number) return
        tell({ type: 'frame' })
        listener.frame(attempt, text)
      },
      closed: (code) => fail(attempt, errorOfClose(code)),
    })
  }

  function fail(connection: number, because: SyncError, windowMs?: readonly [number, number]): void {
    if (connection !== number) return
    // A token that was good has only grown old: a fresh one is worth an attempt at once.
    const free = (because.code === 'unauthenticated' || because.code === 'token-expired') && tokens.refuse(because)
    tell({ type: 'failed', because, free, ...(windowMs && { windowMs }) })
  }

  return {
    get state() {
      return state
    },
    get policy() {
      return policy
    },
    send(connection, frame) {
      if (connection === number) socket?.send(JSON.stringify(frame))
    },
    tell,
    fail,
    close() {
      tell({ type: 'pause', pause: 'closed' })
      for (const end of endings) end()
    },
  }
}

export function asSyncError(error: unknown): SyncError {
  return error instanceof SyncError ? error : new InternalError('This device failed at it; the cause tells more.', { cause: error })
}

/** Codes of protocol §9; whatever else ends a connection means that the server cannot be reached. */
const CLOSES: Readonly<Record<number, new (message: string, detail?: ErrorDetail) => SyncError>> = {
  4401: UnauthenticatedError,
  4403: ForbiddenError,
  4413: TooLargeError,
  4426: UpgradeRequiredError,
  4429: RateLimitedError,
}

function errorOfClose(code: number): SyncError {
  return new (CLOSES[code] ?? UnavailableError)(`the connection ended with code ${code}`)
}
