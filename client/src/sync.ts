import {
  type ClientFrame,
  errorFromWire,
  isAboutToken,
  LIMITS,
  NOTHING,
  parseServerFrame,
  type Range,
  type ServerFrame,
  type SpaceId,
  type Standings,
  type SyncError,
  sumOf,
  UnauthenticatedError,
  UnavailableError,
} from '@tidemark/shared'
import { createAlarm } from './alarm.ts'
import type { Connection } from './connection/connection.ts'
import { asSyncError, createLink, type LinkPorts } from './connection/link.ts'
import { pull } from './connection/pull.ts'
import { createTokens, type TokenSource } from './connection/tokens.ts'
import type { Copies } from './following/copies.ts'
import { type Following, followedSpaces, isCaughtUp, isStated, NOT_FOLLOWING, wakeAtMs } from './following/following.ts'
import { type FollowingEffect, type FollowingEvent, step } from './following/step.ts'
import type { Outbox } from './outbox/outbox.ts'
import { boundsOf, NOT_SENDING, type Sending, type SendingEvent, sendingWakeAtMs, stepSending } from './outbox/sending.ts'
import { STUCK_AFTER_MS, stuckAtMs } from './stuck.ts'
import { createWorkQueue } from './work-queue.ts'

export interface SyncPorts extends Omit<LinkPorts, 'tokens'> {
  readonly copies: Copies
  readonly outbox: Outbox
  readonly user: string
  readonly client: string
  readonly appVersion: string
  readonly token: TokenSource
}

export interface SyncListener {
  /** Connection, following or sending changed. */
  changed(): void
  /** The server's clock minus this device's, in ms. */
  offset(ms: number): void
}

export interface SyncState {
  readonly connection: Connection
  readonly following: Following
  readonly sending: Sending
  readonly promisedS: number
}

/** Keeps a replica and a server together: runs the machines of following, outbox and connection in one strict order. */
export interface Sync {
  state(): SyncState
  want(space: SpaceId): void
  release(space: SpaceId): void
  goOnline(): void
  goOffline(): void
  /** Resolves when nothing runs any more. */
  close(): Promise<void>
}

export function createSync(ports: SyncPorts, listener: SyncListener): Sync {
  const { clock, random, copies, outbox, transport } = ports
  const tokens = createTokens(ports.token, clock)
  let following = NOT_FOLLOWING
  let sending = NOT_SENDING
  /** The connection whose socket is open, and the one that the machines know of; 0: none. */
  let open = 0
  let known = 0
  let openedWith = ''
  let progressAtMs = 0

  const queue = createWorkQueue((error) => link.fail(open, asSyncError(error)))
  const alarm = createAlarm(clock, () =>
    queue.push(async () => {
      if (clock.monotonicMs() >= stuckAtMs(state(), progressAtMs))
        link.fail(known, new UnavailableError(`no progress for ${STUCK_AFTER_MS} ms: connecting anew`))
      await follow({ type: 'time' })
      await send({ type: 'time' })
    }),
  )
  const link = createLink(
    { ...ports, tokens },
    {
      opened(connection, token) {
        open = connection
        openedWith = token
        queue.push(async () => {
          if (connection !== open) return
          known = connection
          await follow({ type: 'opened' })
        })
      },
      frame(connection, text) {
        const work = async () => {
          if (connection === open) await receive(connection, text)
        }
        // A range that is dropped costs a round trip; an answer to what was asked is never dropped.
        if (!queue.offer(text.length, work) && !text.startsWith('{"t":"range"')) queue.push(work)
      },
      beat: (connection, nextS) =>
        queue.push(async () => {
          if (connection !== known) return
          await follow({ type: 'beat sent' })
          tellServer({ t: 'beat', nextS })
        }),
      closed(connection) {
        open = 0
        queue.push(async () => {
          if (connection !== known) return
          known = 0
          await follow({ type: 'disconnected' })
          await send({ type: 'disconnected' })
        })
      },
      changed: () => listener.changed(),
    },
  )
  let lookQueued = false
  const endAppended = outbox.onAppended(() => {
    if (lookQueued) return
    lookQueued = true
    queue.push(async () => {
      lookQueued = false
      await send({ type: 'appended' })
    })
  })
  const state = (): SyncState => ({ connection: link.state, following, sending, promisedS: link.policy.promisedS })
  const tellServer = (frame: ClientFrame) => link.send(known, frame)

  async function follow(event: FollowingEvent): Promise<void> {
    const next = step(following, event, clock.monotonicMs(), random.unit())
    following = next.state
    for (const effect of next.effects) await act(effect)
    look()
  }

  async function act(effect: FollowingEffect): Promise<void> {
    switch (effect.type) {
      case 'hello':
      case 'follow': {
        const standings = await copies.standings(effect.spaces)
        await follow({ type: 'standings', standings })
        const spaces: Standings = Object.fromEntries(Array.from(standings, ([id, { version, seal }]) => [id, [version, seal]]))
        return tellServer(
          effect.type === 'follow'
            ? { t: 'follow', spaces }
            : { t: 'hello', client: ports.client, token: openedWith, spaces, nextS: link.policy.promisedS, app: ports.appVersion },
        )
      }
      case 'unfollow':
        return tellServer({ t: 'unfollow', spaces: [...effect.spaces] })
      case 'pull':
        return void fetchPage(effect.space, effect.pull)
      case 'drop':
        return copies.drop(effect.space)
    }
  }

  /** Never throws: what it comes to is handled in its turn. */
  async function fetchPage(space: SpaceId, number: number): Promise<void> {
    const connection = known
    try {
      const token = tokens.verified
      if (token === undefined) throw new UnauthenticatedError()
      const standing = (await copies.standings([space])).get(space) ?? NOTHING
      const range = await pull(transport, clock, { space, standing, client: ports.client, token })
      queue.push(async () => {
        const stage = following.spaces.get(space)?.stage
        if (stage?.name === 'pulling' && stage.pull === number) await take(range, number)
      })
    } catch (cause) {
      const error = asSyncError(cause)
      queue.push(() => follow({ type: 'pull failed', space, pull: number, error }))
      if (isAboutToken(error)) link.fail(connection, error)
    }
  }

  async function take(range: Range, pull?: number): Promise<void> {
    const applied = await copies.apply(range)
    if (applied.verdict === 'news' || applied.verdict === 'reset') progressed()
    await follow({ type: 'applied', range, applied, ...(pull !== undefined && { pull }) })
  }

  async function send(event: SendingEvent): Promise<void> {
    const next = stepSending(sending, event, clock.monotonicMs(), random.unit())
    sending = next.state
    for (const effect of next.effects) {
      if (effect === 'reconnect') {
        link.fail(known, new UnavailableError('the server does not answer for what was sent to it'))
        continue
      }
      const batch = await outbox.batch(boundsOf(sending))
      await send({ type: 'loaded', first: batch?.mutations[0]?.n ?? 0, count: batch?.mutations.length ?? 0 })
      if (batch && sending.stage.name === 'in hand') tellServer({ t: 'mutate', ...batch, mutations: [...batch.mutations] })
    }
    look()
  }

  async function receive(connection: number, text: string): Promise<void> {
    let frame: ServerFrame | undefined
    try {
      frame = parseServerFrame(text)
    } catch (cause) {
      return link.fail(connection, new UnavailableError('what came is not of this protocol', { cause }))
    }
    switch (frame?.t) {
      case 'welcome': {
        if (link.state.name !== 'greeting') return
        if (frame.user !== ports.user)
          return link.fail(connection, new UnauthenticatedError(`The token is ${frame.user}'s, this replica is ${ports.user}'s.`))
        tokens.accepted(openedWith)
        listener.offset(frame.nowMs - clock.nowMs())
        copies.known(frame.acked, frame.heads)
        link.tell({ type: 'welcomed' })
        progressed()
        const { spaces = LIMITS.spaces, batch = LIMITS.batch, bytes = LIMITS.bytes } = frame.limits ?? {}
        await follow({ type: 'welcome', heads: frame.heads, spacesMax: spaces })
        return send({ type: 'connected', batchMax: batch, bytesMax: bytes })
      }
      case 'heads':
        if (frame.acked) copies.known(frame.acked, frame.heads)
        return follow({ type: 'heads', heads: frame.heads })
      case 'range': {
        const stage = following.spaces.get(frame.space)?.stage
        return stage && isStated(stage) ? take(frame) : undefined
      }
      case 'behind':
        return follow({ type: 'behind', space: frame.space, head: frame.head })
      case 'denied':
        return follow({ type: 'denied', space: frame.space, error: errorFromWire(frame.error) })
      case 'ack': {
        if (frame.client !== ports.client) return
        const versions = await outbox.settle(frame.acks)
        if (frame.acks.length > 0) progressed()
        if (versions.size > 0) await follow({ type: 'reach', versions })
        const error = frame.error && errorFromWire(frame.error)
        if (error && isAboutToken(error)) return link.fail(connection, error)
        return send({ type: 'answered', progressed: frame.acks.length > 0, error })
      }
      case 'beat': {
        const standings = await copies.standings(followedSpaces(following))
        await follow({ type: 'beat', theirs: frame.sum, ours: sumOf(standings.values()) })
        // What another tab appended may have come without a hint.
        return send({ type: 'appended' })
      }
      case 'goaway':
        return link.fail(
          connection,
          frame.error ? errorFromWire(frame.error) : new UnavailableError('the server asks to come back later'),
          frame.afterMs,
        )
      case 'error':
        return refused(connection, errorFromWire(frame.error))
    }
  }

  async function refused(connection: number, error: SyncError): Promise<void> {
    if (error.code === 'token-expired' && error.afterMs !== undefined) {
      tokens.refuse(error)
      return void tokens.get().then(
        (token) => link.send(connection, { t: 'auth', token }),
        () => {},
      )
    }
    if (isAboutToken(error) || link.state.name === 'greeting') return link.fail(connection, error)
    await follow({ type: 'error', error })
    await send({ type: 'answered', progressed: false, error })
  }

  const progressed = () => (progressAtMs = clock.monotonicMs())

  /** After each step: what it means for the connection, the alarm, and whoever watches. */
  function look(): void {
    if (following.connected) link.tell({ type: isCaughtUp(following) ? 'caught up' : 'fell behind' })
    const stuckMs = stuckAtMs(state(), progressAtMs)
    if (stuckMs === Number.POSITIVE_INFINITY) progressed()
    alarm.set(Math.min(wakeAtMs(following), sendingWakeAtMs(sending), stuckMs))
    listener.changed()
  }

  return {
    state,
    want: (space) =>
      queue.push(async () => {
        await follow({ type: 'want', space })
        if (!following.connected) await follow({ type: 'standings', standings: await copies.standings([space]) })
      }),
    release: (space) => queue.push(() => follow({ type: 'release', space })),
    goOnline: () => link.tell({ type: 'resume', pause: 'app' }),
    goOffline: () => link.tell({ type: 'pause', pause: 'app' }),
    async close() {
      link.close()
      endAppended()
      queue.stop()
      await queue.idle()
      alarm.set(Number.POSITIVE_INFINITY)
    },
  }
}
