import {
  type ClientFrame,
  errorFromWire,
  isAboutToken,
  judge,
  LIMITS,
  lanePage,
  type Mutation,
  NOTHING,
  type OlderPage,
  parseAnswer,
  parseServerFrame,
  type Range,
  type ServerFrame,
  type SpaceId,
  type Standing,
  type Standings,
  type SyncError,
  saidAnswer,
  sumOf,
  UnauthenticatedError,
  UnavailableError,
  type VoidMutation,
} from '@tidemark/shared'
import { createAlarm } from './alarm.ts'
import { asSyncError } from './as-sync-error.ts'
import { askedMs } from './backoff.ts'
import { type Connection, NEVER, type Pause, reasonOf } from './connection/connection.ts'
import { createLink, type LinkPorts, type Live } from './connection/link.ts'
import type { Pace } from './connection/pace.ts'
import { get, type OlderRequest, pull, pullOlder } from './connection/pull.ts'
import { createRequestBudget, type RequestBudget } from './connection/request-budget.ts'
import { createTokens, type TokenSource, type Turn } from './connection/tokens.ts'
import type { Noted } from './diagnostic.ts'
import type { Applied, Copies } from './following/copies.ts'
import { type Following, followedSpaces, isPulling, isStated, NOT_FOLLOWING } from './following/following.ts'
import { type FollowingEffect, type FollowingEvent, step } from './following/step.ts'
import { createLaneWire, type LaneFrame, type LaneKey, type LaneWay, type LaneWire, readLaneKey } from './lanes/lane-wire.ts'
import type { Attempts } from './outbox/attempts.ts'
import type { Asker, Outbox } from './outbox/outbox.ts'
import { boundsOf, NOT_SENDING, type Sending, type SendingEvent, sendingWakeAtMs, stepSending } from './outbox/sending.ts'
import { StorageError } from './replica/storage-error.ts'
import { isBusy, STUCK_AFTER_MS } from './stuck.ts'
import { createWorkQueue } from './work-queue.ts'

export interface SyncPorts extends Omit<LinkPorts, 'tokens'> {
  readonly copies: Copies
  readonly outbox: Outbox
  readonly user: string
  readonly appVersion: string
  readonly token: TokenSource
  readonly turn?: Turn | undefined
  /** True for what need not be sent before something else is. */
  readonly canWait: (mutation: Mutation | VoidMutation) => boolean
}

export interface SyncListener {
  /** Connection, following or sending changed. */
  changed(): void
  /** The server's clock minus this device's, in ms. */
  offset(ms: number): void
  noted: Noted
  /** Of a followed lane, and the text that it came as. */
  lane(frame: LaneFrame, text: string): void
}

export interface SyncState {
  readonly connection: Connection
  readonly following: Following
  readonly sending: Sending
  readonly pace: Pace
  /** Connected for a minute and nothing moved: so until something does. */
  readonly stalled?: SyncError | undefined
}

/** After a frame a radio stays up for so long whatever comes, in ms. Source: tails of 4G and 5G, docs/decisions/025. */
export const RADIO_TAIL_MS = 5000
/** What waits for the next frame, at most: mutations, and spaces to be unfollowed. */
export const WAITING_MAX = 10

/** Keeps a replica and a server together: runs the machines of following, outbox and connection in one strict order. */
export interface Sync {
  state(): SyncState
  /** Follows a space, or a lane of one; once more: states it again. */
  want(key: SpaceId | LaneKey): void
  release(key: SpaceId | LaneKey): void
  readonly lanes: LaneWay & Pick<LaneWire, 'heard'>
  /** A page of older documents of a space that is wanted. Throws SyncErrors only, UnavailableError when there is no connection or it ends meanwhile. */
  older(request: OlderRequest): Promise<OlderPage>
  /** Whether that number and seal are in the server's history of a space that is wanted. Throws as `older` does. */
  holds(space: SpaceId, standing: Standing): Promise<boolean>
  /** Nothing is sent or received until each pause that was begun is ended. */
  pause(pause: Pause): void
  resume(pause: Pause): void
  /** The tab that is connected for this one waits for so long, in ms, and so does this one should it be the next. */
  stayAway(ms: number, because: SyncError): void
  /** A new connection, unless the server asked to wait. */
  reconnectNow(): void
  /** What is pending is sent now, unless the server asked to wait. */
  retryNow(): void
  /** What became of the sending of another tab, which this one goes on with. */
  attempted(attempts: Attempts): void
  /** Resolves when nothing runs any more. */
  close(): Promise<void>
}

export function createSync(ports: SyncPorts, listener: SyncListener): Sync {
  const { clock, random, copies, outbox, transport, canWait } = ports
  const spend = createRequestBudget(clock)
  const budget: RequestBudget = (fingerprint) => {
    const refusal = spend(fingerprint)
    if (refusal) listener.noted('limited', refusal)
    return refusal
  }
  const tokens = createTokens(ports.token, clock, ports.turn, budget)
  const http = { transport, clock, budget, tap: ports.tap }
  let following = NOT_FOLLOWING
  let sending = NOT_SENDING
  /** The connection that the machines know of, under which client id it asked, and the state in which its last batch was sent. */
  let live: Live | undefined
  let asker: Asker | undefined
  let epoch: number | undefined
  /** The highest number that this connection was told to be done under that client id: told of a lower one, the server has forgotten. */
  let done = 0
  /** For how long it may still be connected without progress, and until when, while it is. */
  let leftMs = STUCK_AFTER_MS
  let stuckAtMs = NEVER
  let stalled: SyncError | undefined
  /** False from a hello on until something came of it. */
  let isGettingOn = true
  /** When the last frame went or came, and what waits for the next one. */
  let frameAtMs = 0
  let letGo: SpaceId[] = []
  let isHolding = false
  const lanes = createLaneWire(clock)

  const queue = createWorkQueue(clock, (error) => live?.fail(asSyncError(error)))
  const alarm = createAlarm(clock, () => {
    if (clock.monotonicMs() >= stuckAtMs) giveUp()
    queue.push(async () => {
      await follow({ type: 'time' })
      await send({ type: 'time' })
    })
  })
  const link = createLink(
    { ...ports, tokens },
    {
      opened: (connection) =>
        queue.push(async () => {
          if (connection.over) return
          live = connection
          lanes.forgotten()
          await follow({ type: 'opened' })
        }),
      frame(connection, text) {
        // A close follows, and must not overtake it where the queue waits for the storage: it says when to come again.
        if (text.startsWith('{"t":"goaway"')) return void receive(connection, text)
        const isOfLane = /^\{"t":"(tick|lane|said)"/.test(text)
        // A range that is dropped costs a round trip; an answer to what was asked is never dropped.
        if (!isOfLane && !queue.hasRoom(text.length) && text.startsWith('{"t":"range"')) return
        frameAtMs = clock.monotonicMs()
        const sendWhatWaits = async () => {
          if (letGo.length > 0) say()
          if (isHolding) await send({ type: 'appended' })
        }
        if (isOfLane) {
          // It waits for no storage.
          void receive(connection, text)
          if (isHolding || letGo.length > 0) queue.push(sendWhatWaits)
          return
        }
        queue.push(async () => {
          if (connection.over) return
          await receive(connection, text)
          await sendWhatWaits()
        }, text.length)
      },
      beat: () =>
        queue.push(async () => {
          await follow({ type: 'beat sent' })
          stateLanes()
          say({ t: 'beat', nextS: link.pace.promisedS })
        }),
      probe: (nextS) => {
        const hello = { client: outbox.clientId, token: live?.token ?? '', app: ports.appVersion }
        return { t: 'hello', ...hello, spaces: {}, nextS, probe: true }
      },
      closed(connection) {
        const because = reasonOf(link.state)
        queue.push(async () => {
          if (connection !== live) return
          live = undefined
          letGo = []
          lanes.lost(because ?? new UnavailableError('the connection ended'))
          await follow({ type: 'disconnected' })
          await send({ type: 'disconnected', because })
        })
      },
      changed: listener.changed,
      noted: listener.noted,
    },
  )
  const endAppended = outbox.onAppended(() => queue.push(() => send({ type: 'appended' })))
  const state = (): SyncState => ({ connection: link.state, following, sending, pace: link.pace, stalled })

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
        const spaces: Standings = {}
        for (const [id, { version, seal }] of standings) {
          const refusal = effect.type === 'follow' ? budget(`follow ${id} ${version} ${seal}`) : undefined
          if (!refusal) spaces[id] = [version, seal]
          else {
            // So that both ends count the same.
            letGo.push(id)
            queue.push(() => follow({ type: 'denied', space: id, error: refusal }))
          }
        }
        const lanesOf = lanes.unanswered((space) => space in spaces)
        const stated = { spaces, ...(lanesOf && { lanes: lanesOf }) }
        if (effect.type === 'follow') return Object.keys(spaces).length > 0 ? say({ t: 'follow', ...stated }) : undefined
        const refusal = isGettingOn ? undefined : budget(`hello ${sumOf(standings.values())}`)
        if (refusal) return live?.fail(refusal)
        isGettingOn = false
        asker = await outbox.asker()
        const { client } = asker
        return say({ t: 'hello', client, token: live?.token ?? '', ...stated, nextS: link.pace.promisedS, app: ports.appVersion })
      }
      case 'unfollow':
        letGo.push(...effect.spaces)
        effect.spaces.forEach(lanes.forgotten)
        if (!isQuiet() || letGo.length > WAITING_MAX) say()
        return
      case 'probe':
        return link.tell({ type: 'doubt' })
      case 'pull':
        return void fetchPage(effect.space, effect.pull)
      case 'drop':
        return copies.drop(effect.space)
    }
  }

  /** Again, too, what the server has not answered for. */
  function stateLanes(): void {
    const stated = following.connected && lanes.unanswered((space) => isStated(following.spaces.get(space)))
    if (stated) say({ t: 'follow', spaces: {}, lanes: stated })
  }

  /** True when a frame would have to wake the radio. */
  const isQuiet = () => clock.monotonicMs() - frameAtMs > RADIO_TAIL_MS

  /** Sends it, after what waited for it. */
  function say(frame?: ClientFrame): void {
    frameAtMs = clock.monotonicMs()
    if (letGo.length > 0) live?.send({ t: 'unfollow', spaces: letGo })
    letGo = []
    if (frame) live?.send(frame)
  }

  /** A request with the token of the present connection. Throws SyncErrors only. */
  async function ask<T>(request: (token: string) => Promise<T>): Promise<T> {
    const connection = live
    try {
      return await request(connection?.token ?? '')
    } catch (cause) {
      const error = asSyncError(cause)
      if (isAboutToken(error)) connection?.fail(error)
      throw error
    }
  }

  /** A request of whoever need not be connected. Throws SyncErrors only. */
  async function askAnyhow<T>(request: (token: string) => Promise<T>): Promise<T> {
    if (live) return ask(request)
    const { state } = link
    // Another tab may be connected for this one.
    if (state.name === 'offline' && state.pauses.some((pause) => pause !== 'tab')) throw new UnavailableError('this replica is paused')
    try {
      return await request(await tokens.get())
    } catch (cause) {
      const because = asSyncError(cause)
      if (isAboutToken(because)) tokens.refuse(because)
      throw because
    }
  }

  /** A request about a space that is wanted, on one connection. Throws SyncErrors only. */
  async function askOf<T extends object>(space: SpaceId, request: (token: string) => Promise<T>): Promise<T> {
    const connection = live
    try {
      const answer = following.connected && (await ask(request))
      // What was unfollowed meanwhile has missed changes [W2].
      if (answer && !connection?.over && following.spaces.get(space)?.wanted) return answer
    } catch (cause) {
      const error = asSyncError(cause)
      if (error.code === 'forbidden') queue.push(() => follow({ type: 'denied', space, error }))
      throw error
    }
    throw new UnavailableError('ask again when this space is open and connected')
  }

  /** Never throws: what it comes to is handled in its turn. */
  async function fetchPage(space: SpaceId, number: number): Promise<void> {
    try {
      const standing = (await copies.standings([space])).get(space) ?? NOTHING
      const range = await ask((token) => pull(http, { space, standing, client: outbox.clientId, token }))
      queue.push(async () => {
        if (isPulling(following.spaces.get(space), number)) await take(range, number)
      })
    } catch (error) {
      queue.push(() => follow({ type: 'denied', space, pull: number, error: asSyncError(error) }))
    }
  }

  async function take(range: Range, pull?: number): Promise<void> {
    let applied: Applied
    try {
      applied = await copies.apply(range)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      // It is asked for again, later [R4]; what is pending can be sent meanwhile.
      return follow({ type: 'denied', space: range.space, error, pull })
    }
    // Of a space without commits an empty range is news each time.
    if (applied.verdict === 'reset' || (applied.verdict === 'news' && range.from < range.to)) progressed()
    await follow({ type: 'applied', range, applied })
    // What was acknowledged may be in doubt now.
    if (range.reset === 'history') await send({ type: 'appended' })
  }

  async function send(event: SendingEvent): Promise<void> {
    const next = stepSending(sending, event, clock.monotonicMs(), random.unit())
    sending = next.state
    for (const effect of next.effects) {
      if (effect === 'reconnect') {
        live?.fail(new UnavailableError('a batch was not answered'))
        continue
      }
      const batch = await outbox.batch(boundsOf(sending))
      isHolding = !!batch && isQuiet() && batch.mutations.length <= WAITING_MAX && batch.mutations.every(canWait)
      const count = !batch || isHolding ? 0 : batch.mutations.length
      await send({ type: 'loaded', first: batch?.first ?? 0, count })
      if (!batch || isHolding || sending.stage.name !== 'in hand') continue
      const { client, on, mutations } = batch
      epoch = batch.epoch
      const refusal = budget(`mutate ${client} ${batch.first}`)
      if (refusal) await send({ type: 'answered', acked: 0, error: refusal })
      else say({ t: 'mutate', client, on, mutations: [...mutations] })
    }
    look()
  }

  async function receive(connection: Live, text: string): Promise<void> {
    let frame: ServerFrame | undefined
    try {
      frame = parseServerFrame(text)
    } catch (cause) {
      return connection.fail(new UnavailableError('a frame is not of this protocol', { cause }))
    }
    switch (frame?.t) {
      case 'welcome': {
        if (link.state.name !== 'greeting') return
        const { user, acked, heads, limits } = frame
        if (user !== ports.user) return connection.fail(new UnauthenticatedError(`the token is ${user}'s, this replica ${ports.user}'s`))
        const { spaces, batch, bytes } = { ...LIMITS, ...limits }
        listener.offset(frame.nowMs - clock.nowMs())
        copies.known(acked, heads)
        if (asker) await outbox.welcomed(asker, acked)
        // That took its time.
        if (connection.over) return
        done = acked[0]
        link.tell({ type: 'welcomed' })
        await follow({ type: 'welcome', heads, spacesMax: spaces })
        await follow({ type: 'reach', versions: await outbox.settle([]) })
        return send({ type: 'connected', batchMax: batch, bytesMax: bytes })
      }
      case 'heads':
        if (frame.acked) copies.known(frame.acked, frame.heads)
        // The next hello shows from where on [M5].
        if (frame.acked && frame.acked[0] < done) return connection.fail(new UnavailableError('the server was set back'))
        return follow({ type: 'heads', heads: frame.heads })
      case 'range':
        return isStated(following.spaces.get(frame.space)) ? take(frame) : undefined
      case 'behind':
        return follow({ type: 'behind', space: frame.space, head: frame.head })
      case 'denied':
        lanes.forgotten(frame.space)
        return follow({ type: 'denied', space: frame.space, error: errorFromWire(frame.error) })
      case 'ack': {
        const { client } = frame
        const versions = await outbox.settle(frame.acks, { client, epoch, error: frame.error })
        if (client === asker?.client) done = frame.acks.at(-1)?.n ?? done
        if (frame.acks.length > 0) progressed()
        await follow({ type: 'reach', versions })
        const error = frame.error && errorFromWire(frame.error)
        // Of which what is sent is not to blame.
        if (error && isAboutToken(error)) return connection.fail(error)
        return send({ type: 'answered', acked: frame.acks.length, error })
      }
      case 'beat': {
        // What this connection is told as done is of the id that it began with; the next hello asks for the present one [M5].
        if (asker && asker.client !== outbox.clientId) return connection.fail(new UnavailableError('this device has another client id now'))
        await follow({ type: 'beat', theirs: frame.sum, ours: await copies.standings(followedSpaces(following)) })
        // What another tab appended may have come without a hint.
        return send({ type: 'appended' })
      }
      case 'goaway':
        return connection.fail(errorFromWire(frame.error ?? { code: 'unavailable', message: 'the server goes away' }), frame.afterMs)
      case 'lane':
      case 'tick':
        lanes.heard(frame)
        return listener.lane(frame, text)
      case 'said':
        return lanes.said(frame)
      case 'error':
        return refused(connection, errorFromWire(frame.error))
    }
  }

  async function refused(connection: Live, error: SyncError): Promise<void> {
    if (error.code === 'token-expired' && error.afterMs !== undefined) {
      tokens.refuse(error)
      // A source that fails now is asked again at the next notice, or for the next connection.
      return void tokens.get().then(
        (token) => {
          connection.token = token
          connection.send({ t: 'auth', token })
        },
        () => {},
      )
    }
    if (isAboutToken(error) || link.state.name === 'greeting') return connection.fail(error)
    await follow({ type: 'error', error })
    await send({ type: 'answered', acked: 0, error })
  }

  function progressed(): void {
    isGettingOn = true
    leftMs = STUCK_AFTER_MS
    stuckAtMs = NEVER
    stalled = undefined
  }

  /** Outside the queue, which may be what is stuck. */
  function giveUp(): void {
    progressed()
    isGettingOn = false
    stalled = new UnavailableError('nothing moved: a new connection is made')
    listener.noted('stalled', stalled)
    live?.fail(stalled)
  }

  /** After each step: when to look again, for how long nothing may come, and word to whoever watches. */
  function look(): void {
    const nowMs = clock.monotonicMs()
    if (isBusy(following, sending)) stuckAtMs = Math.min(stuckAtMs, nowMs + leftMs)
    else if (following.connected) progressed()
    else if (stuckAtMs < NEVER) {
      leftMs = stuckAtMs - nowMs
      stuckAtMs = NEVER
    }
    alarm(Math.min(following.wakeAtMs, sendingWakeAtMs(sending), stuckAtMs))
    listener.changed()
  }

  return {
    state,
    want(key) {
      if (!readLaneKey(key).lane) return queue.push(() => follow({ type: 'want', space: key }))
      lanes.want(key as LaneKey)
      // Behind its space, if that is new.
      queue.push(async () => stateLanes())
    },
    release(key) {
      const { space, lane } = readLaneKey(key)
      if (!lane) return queue.push(() => follow({ type: 'release', space: key }))
      lanes.release(key as LaneKey)
      if (following.connected && isStated(following.spaces.get(space))) say({ t: 'unfollow', spaces: [], lanes: { [space]: [lane] } })
    },
    lanes: {
      heard: lanes.heard,
      say(space, lane, item, withinMs, byRequest) {
        if (live && following.connected && !byRequest) return lanes.say(live.send, space, lane, item, withinMs)
        const path = `${encodeURIComponent(space)}/lanes/${lane}`
        const body = JSON.stringify({ id: item.id, body: item.body })
        return askAnyhow((token) => get(http, path, token, (text) => void parseAnswer(saidAnswer, text), body, withinMs))
      },
      page: (space, lane, fromMs) =>
        askAnyhow((token) =>
          get(http, `${encodeURIComponent(space)}/lanes/${lane}/archive/${fromMs}`, token, (text) => parseAnswer(lanePage, text)),
        ),
    },
    older: (request) => askOf(request.space, (token) => pullOlder(http, request, token)),
    async holds(space, standing) {
      const request = { space, standing, client: outbox.clientId, limit: 1 }
      return judge(standing, await askOf(space, (token) => pull(http, { ...request, token }))) === 'news'
    },
    pause: (pause) => link.tell({ type: 'pause', pause }),
    resume: (pause) => link.tell({ type: 'resume', pause }),
    stayAway: (ms, because) => link.tell({ type: 'away', away: { notBeforeMs: clock.monotonicMs() + askedMs({ afterMs: ms }), because } }),
    reconnectNow: () => link.tell({ type: 'reconnect' }),
    retryNow() {
      if (link.state.name !== 'open') return link.tell({ type: 'reconnect' })
      // Whoever asks for it has woken the radio.
      frameAtMs = clock.monotonicMs()
      queue.push(() => send({ type: 'retry' }))
    },
    attempted(attempts) {
      sending = { ...sending, attempts }
    },
    async close() {
      link.close()
      endAppended()
      await queue.stop()
      alarm(NEVER)
    },
  }
}
