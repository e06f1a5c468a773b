import {
  BadRequestError,
  type ClientFrame,
  HELLO_WITHIN_MS,
  httpStatus,
  parseClientFrame,
  STRIKES_MAX,
  type SyncError,
  silenceMaxMs,
} from '@tidemark/shared'
import type { Admitted } from '../admission-line.ts'
import { Budget } from '../budget.ts'
import { refusedOf } from '../observe/refused-of.ts'
import { answerWithin } from './answer-within.ts'
import type { ConnectionState } from './connection-state.ts'
import { FrameQueue } from './frame-queue.ts'
import { frames } from './frames.ts'
import type { GatewaySocket, SocketEvents } from './gateway-socket.ts'
import { type Outlet, Session, type SessionWorld } from './session.ts'
import { TokenEnd } from './token-end.ts'

type Phase =
  | { readonly name: 'greeting'; readonly untilMs: number }
  /** The hello came in time; its token and spaces are with the backend, whose own deadline holds. */
  | { readonly name: 'admitting' }
  | { readonly name: 'open'; readonly session: Session }
  /** The closing handshake is under way, or the socket is gone: nothing is read or sent any more. */
  | { readonly name: 'closed' }

/** What a beat promises before the first one came, in seconds: a hello states it. */
const SOON_S = 60

/** Labels of a hello that are kept for who looks after connections, and characters of each. */
const LABELS_KEPT = 8
const LABEL_CHARACTERS_KEPT = 64

/** Nothing waits for the peer. */
const NOT_STILL = Number.POSITIVE_INFINITY

/** The gateway as a connection uses it. */
export interface ConnectionWorld extends SessionWorld {
  /** Whether a hello from this address is answered now, after a wait here, or not. */
  admit(address: string | undefined): Admitted
  /** Its hello came. */
  greeted(connection: Connection): void
  /** It is a probe of this device from now on; until the returned function is called. */
  probes(connection: Connection, device: string): () => void
  closed(connection: Connection): void
}

/**
 * One socket: takes its frames in order, one at a time, holds it to its deadlines, and counts what cannot be read.
 * While frames wait, or the peer does not take what it was sent, the socket is not read.
 */
export class Connection implements SocketEvents, Outlet {
  /** Later ones have greater numbers. */
  readonly id: number
  readonly #world: ConnectionWorld
  readonly #socket: GatewaySocket
  readonly #address: string | undefined
  readonly #queue = new FrameQueue()
  #phase: Phase
  #working = false
  readonly #frames: Budget
  #framesInTurn = 0
  #charactersInTurn = 0
  #paused = false
  #sentAway = false
  #gone = false
  #strikes = 0
  readonly #tokenEnd: TokenEnd
  #nextS = SOON_S
  readonly #sinceMs: number
  #heardAtMs: number
  /** What its hello said of itself. */
  #told: Pick<ConnectionState, 'app' | 'labels'> = { app: '', labels: {} }
  #deadline: { readonly atMs: number; readonly cancel: () => void } | undefined
  /** Since when it has taken nothing of what waits for it, by the monotonic clock. */
  #stillSinceMs = NOT_STILL
  #roomWanted: (() => void) | undefined
  /** It is a probe; forgets that. */
  #endProbe: (() => void) | undefined

  /** `address`: of whom it is counted, where that is known. */
  constructor(world: ConnectionWorld, socket: GatewaySocket, address: string | undefined, id: number) {
    this.id = id
    this.#world = world
    this.#socket = socket
    this.#address = address
    this.#tokenEnd = new TokenEnd(world.clock, world.bounds.tokenNoticeMs, world.bounds.tokenGraceMs)
    this.#heardAtMs = world.clock.monotonicMs()
    this.#sinceMs = this.#heardAtMs
    this.#frames = new Budget(world.bounds.framesBurst, world.bounds.framesPerS, this.#heardAtMs)
    this.#phase = { name: 'greeting', untilMs: this.#heardAtMs + HELLO_WITHIN_MS }
    this.#watch()
  }

  get session(): Session | undefined {
    return this.#phase.name === 'open' ? this.#phase.session : undefined
  }

  /** True while a frame is being served that somebody waits for. */
  get working(): boolean {
    return (this.#working || this.session?.isSaying === true) && this.#phase.name !== 'closed'
  }

  /** True once the socket itself has ended. */
  get gone(): boolean {
    return this.#gone
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes
  }

  /** As its operator sees it; undefined before its welcome, and after its end. */
  get state(): ConnectionState | undefined {
    const { session } = this
    if (session === undefined) return undefined
    const { clock } = this.#world
    const agoMs = clock.nowMs() - clock.monotonicMs()
    return {
      id: this.id,
      user: session.principal.user,
      client: session.client,
      sinceMs: agoMs + this.#sinceMs,
      heardMs: agoMs + this.#heardAtMs,
      nextS: this.#nextS,
      bufferedBytes: this.bufferedBytes,
      app: this.#told.app,
      labels: this.#told.labels,
      probe: this.#endProbe !== undefined,
      copies: session.copies,
    }
  }

  get isPoll(): boolean {
    return this.#socket.isPoll === true
  }

  get silenceLeftMs(): number {
    return this.#heardAtMs + silenceMaxMs(this.#nextS) - this.#world.clock.monotonicMs()
  }

  send(text: string): void {
    if (this.#phase.name === 'closed') return
    this.#socket.send(text)
    const { bufferedBytes } = this.#socket
    if (bufferedBytes > this.#world.bounds.bufferedBytesCutOff) this.terminate()
    else if (bufferedBytes > 0 && this.#stillSinceMs === NOT_STILL) {
      this.#stillSinceMs = this.#world.clock.monotonicMs()
      this.#watch()
    }
  }

  /** Asks the client to come back later, and serves it until it goes; one that waits for its welcome has nothing to finish. */
  goaway(afterMs: readonly [number, number], error: SyncError): void {
    if (this.#sentAway) return
    this.#sentAway = true
    this.send(frames.goaway(afterMs, error))
    if (this.#phase.name === 'admitting') this.close(1001, 'going away')
  }

  /** Says when there will be room for this client, and ends: of a handshake that is refused no page learns why. */
  sendAway(afterMs: readonly [number, number], error: SyncError): void {
    this.#world.metrics.refused(error.code)
    this.send(frames.goaway(afterMs, error))
    this.close(4000 + httpStatus(error), error.code)
  }

  close(code: number, reason: string): void {
    if (this.#phase.name === 'closed') return
    this.#socket.close(code, reason)
    this.#end()
  }

  terminate(): void {
    if (this.#gone) return
    this.#socket.terminate()
    this.#end()
  }

  // ── what the socket tells ──

  text(frame: string): void {
    this.#take(frame)
  }

  binary(): void {
    this.#take(undefined)
  }

  drained(): void {
    this.#stillSinceMs = this.#socket.bufferedBytes > 0 ? this.#world.clock.monotonicMs() : NOT_STILL
    if (this.#socket.bufferedBytes <= this.#world.bounds.bufferedBytesMax) {
      this.#roomWanted?.()
      this.#roomWanted = undefined
    }
    this.session?.resumeWaiting()
  }

  closed(): void {
    this.#gone = true
    this.#end()
  }

  // ── frames, in order ──

  #take(frame: string | undefined): void {
    if (this.#phase.name === 'closed') return
    this.#heardAtMs = this.#world.clock.monotonicMs()
    this.#queue.add(frame)
    const { queueFramesMax, queueBytesMax, queueFramesCutOff } = this.#world.bounds
    if (this.#queue.length > queueFramesCutOff) {
      this.terminate()
      return
    }
    if (!this.#paused && (this.#queue.length >= queueFramesMax || this.#queue.characters >= queueBytesMax)) {
      this.#paused = true
      this.#socket.pause()
    }
    if (!this.#working) void this.#work()
  }

  async #work(): Promise<void> {
    this.#working = true
    while (this.#queue.length > 0) {
      const turn = this.#turn()
      if (turn !== undefined) {
        await turn
        this.#framesInTurn = 0
        this.#charactersInTurn = 0
        continue
      }
      const frame = this.#queue.take()
      this.#framesInTurn++
      this.#charactersInTurn += frame?.length ?? 0
      try {
        await this.#serve(frame)
      } catch (error) {
        this.#refuse(this.#world.wireable(error))
      }
      await this.#room()
      if (this.#paused && this.#queue.length < this.#world.bounds.queueFramesMax / 2) {
        this.#paused = false
        this.#socket.resume()
      }
    }
    this.#working = false
  }

  /** Resolves when it is this connection's turn again, undefined while it is: a few of its frames, then others', and only so many a second. */
  #turn(): Promise<void> | undefined {
    const { bounds, clock, turn } = this.#world
    if (this.#framesInTurn >= bounds.framesPerTurn || this.#charactersInTurn >= bounds.charactersPerTurn) return turn()
    const waitMs = this.#frames.take(clock.monotonicMs())
    return waitMs > 0 ? new Promise((resolve) => clock.after(waitMs, resolve)) : undefined
  }

  /** Resolves when the peer has taken enough of what it was sent: answers pile up no higher than that. */
  #room(): Promise<void> | undefined {
    if (this.#phase.name === 'closed' || this.#socket.bufferedBytes <= this.#world.bounds.bufferedBytesMax) return undefined
    return new Promise((resolve) => {
      this.#roomWanted = resolve
    })
  }

  async #serve(text: string | undefined): Promise<void> {
    let frame: ClientFrame
    try {
      if (text === undefined) throw new BadRequestError('a binary frame: every frame is JSON text')
      frame = parseClientFrame(text)
      if (this.#phase.name === 'greeting' && frame.t !== 'hello') throw new BadRequestError(`${frame.t} before hello`)
      if (this.#phase.name === 'open' && frame.t === 'hello') throw new BadRequestError('a second hello')
    } catch (error) {
      return this.#strike(this.#world.wireable(error))
    }
    if (frame.t === 'hello') return this.#greet(frame)
    const session = this.session
    if (session === undefined) return
    if (this.#endProbe !== undefined && (frame.t === 'follow' || frame.t === 'mutate'))
      throw new BadRequestError(`${frame.t} on a probe, which follows nothing`)
    switch (frame.t) {
      case 'follow':
        return session.follow(frame.spaces, frame.lanes)
      case 'unfollow':
        return session.unfollow(frame.spaces, frame.lanes)
      case 'mutate':
        return session.mutate(frame)
      case 'beat':
        this.#nextS = frame.nextS
        this.#watch()
        return session.beat()
      case 'auth':
        return this.#renew(session, frame.token)
      case 'say':
        if (this.#endProbe === undefined) return session.say(frame, text?.length ?? 0)
        return this.send(frames.notSaid(frame.n, new BadRequestError('say on a probe, which follows nothing')))
    }
  }

  async #greet(hello: Extract<ClientFrame, { t: 'hello' }>): Promise<void> {
    const { admit, backend, bounds, clock, greeted, metrics } = this.#world
    this.#nextS = hello.nextS
    this.#told = toldBy(hello)
    this.#phase = { name: 'admitting' }
    greeted(this)
    const admitted = admit(this.#address)
    if (admitted.afterMs !== undefined) {
      metrics.sentAway()
      return this.sendAway(admitted.afterMs, admitted.error)
    }
    metrics.admitted(admitted.turn === undefined ? 0 : await admitted.turn)
    if (this.#isClosed()) return
    try {
      const principal = await answerWithin(clock, bounds.answerWithinMs, backend.authenticate(hello.token))
      if (this.#isClosed()) return
      if (hello.probe === true) this.#endProbe = this.#world.probes(this, `${hello.client} ${principal.user} ${principal.tenant}`)
      const session = new Session(this.#world, this, principal, hello.client)
      this.#phase = { name: 'open', session }
      this.#holdToTokenOf(session)
      this.#watch()
      await session.welcome(hello)
    } catch (error) {
      this.#dismiss(this.#world.wireable(error))
    }
  }

  #holdToTokenOf({ principal }: Session): void {
    // A probe's silence is what it is for; it follows nothing that a right could end [B12].
    if (this.#endProbe === undefined) this.#tokenEnd.accept(principal.expiresAtMs)
  }

  async #renew(session: Session, token: string): Promise<void> {
    try {
      await session.auth(token)
      this.#holdToTokenOf(session)
      this.#watch()
    } catch (thrown) {
      const error = this.#world.wireable(thrown)
      // Somebody else's token on this connection is a mix-up that must not go on; a bad one leaves the old one in force.
      if (error.code === 'forbidden') this.#dismiss(error)
      else this.#refuse(error)
    }
  }

  /** Answers what could not be served; the connection stays. */
  #refuse(error: SyncError): void {
    if (this.#phase.name === 'closed') return
    this.#world.metrics.refused(error.code, this.session && refusedOf(this.session.principal, this.session.client, {}, error))
    this.send(frames.error(error))
  }

  #strike(error: SyncError): void {
    this.#refuse(error)
    if (++this.#strikes >= STRIKES_MAX) this.close(4400, 'bad-request')
  }

  /** Says why, then closes with 4000 + the HTTP status. */
  #dismiss(error: SyncError): void {
    this.#refuse(error)
    this.close(4000 + httpStatus(error), error.code)
  }

  // ── deadlines ──

  /** Arms one timer for the nearest deadline. It may fire early, when a frame has moved the deadline since; then it is armed again. */
  #watch(): void {
    const atMs = this.#nearestDeadlineMs()
    if (atMs === undefined) return
    if (this.#deadline !== undefined && this.#deadline.atMs <= atMs) return
    this.#deadline?.cancel()
    const { clock } = this.#world
    const cancel = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => {
      this.#deadline = undefined
      this.#judge()
      if (this.#phase.name !== 'closed') this.#watch()
    })
    this.#deadline = { atMs, cancel }
  }

  #nearestDeadlineMs(): number | undefined {
    if (this.#phase.name === 'greeting') return this.#phase.untilMs
    if (this.#phase.name !== 'open') return undefined
    const silentAtMs = this.#heardAtMs + silenceMaxMs(this.#nextS)
    return Math.min(silentAtMs, this.#stillSinceMs + this.#world.bounds.stillMs, this.#tokenEnd.wakeAtMs)
  }

  #judge(): void {
    const nowMs = this.#world.clock.monotonicMs()
    if (this.#phase.name === 'greeting' && nowMs >= this.#phase.untilMs) this.close(4408, 'no hello in time')
    if (this.#phase.name !== 'open') return
    const ending = this.#tokenEnd.due()
    if (ending?.afterMs !== undefined) this.send(frames.error(ending))
    else if (ending !== undefined) this.#dismiss(ending)
    if (nowMs - this.#heardAtMs >= silenceMaxMs(this.#nextS)) this.close(4408, 'silent for too long')
    if (nowMs - this.#stillSinceMs >= this.#world.bounds.stillMs) this.terminate()
  }

  #isClosed(): boolean {
    return this.#phase.name === 'closed'
  }

  #end(): void {
    if (this.#phase.name === 'closed') return
    const session = this.session
    this.#phase = { name: 'closed' }
    this.#deadline?.cancel()
    this.#queue.clear()
    this.#roomWanted?.()
    this.#roomWanted = undefined
    session?.end()
    this.#endProbe?.()
    this.#world.closed(this)
  }
}

/** Bounded: it stays as long as the connection. */
function toldBy({ app, labels = {} }: Extract<ClientFrame, { t: 'hello' }>): Pick<ConnectionState, 'app' | 'labels'> {
  const kept = Object.entries(labels).slice(0, LABELS_KEPT)
  return {
    app: app.slice(0, LABEL_CHARACTERS_KEPT),
    labels: Object.fromEntries(kept.map(([name, label]) => [name.slice(0, LABEL_CHARACTERS_KEPT), label.slice(0, LABEL_CHARACTERS_KEPT)])),
  }
}
