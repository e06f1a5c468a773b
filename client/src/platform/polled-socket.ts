import type { ClientFrame, Clock, Hello, LanesStated, MutationAnswer, ServerFrame, SpaceId, Standings, WireError } from '@tidemark/shared'
import type { HttpAnswer, LiveEvents, LiveSocket, Transport } from '../connection/transport.ts'

/** How long a poll is held where nothing comes, in s: under the 30 s of the strictest common proxies. Source: protocol §4. */
export const WAIT_S = 25
/** The shortest wait that is learned from proxies that end a request sooner, in s. */
const WAIT_S_MIN = 5
/** What ended sooner than this was not ended for its silence, in s. */
const HELD_S_MIN = 2
/** An answer may take this much longer than its wait, in ms. */
const ANSWER_WITHIN_MS = 15_000
/** A batch of mutations; the replica gives up sooner. In ms. */
const MUTATIONS_WITHIN_MS = 60_000
/** Something said in a lane; whoever says it gives up sooner. In ms. */
const SAID_WITHIN_MS = 15_000
/** From an answer to the next poll, in ms: what comes in quick succession comes together. */
const PAUSE_MS = 50
/** The same after an answer that came early, or was not whole, and brought nothing, in ms; after each further one in a row twice that. */
const EARLY_PAUSE_MS = 1000
const EARLY_PAUSE_MS_MAX = 30_000
/** From an ack to a poll that fetches its version, where none brought it, in ms [M4]. */
const REACH_WITHIN_MS = 500
/** How wide the window is in which to come back where the server named a place, in ms [B11]. */
const PLACE_MS = 1000
/** A server answers with 256 KiB and a frame. */
const ANSWER_CHARACTERS_MAX = 4 * 1_048_576

export interface PolledPorts {
  readonly request: Transport['request']
  readonly clock: Clock
}

/** What one connection learns for the next. */
export interface Pace {
  waitS: number
}

export interface PolledEvents extends LiveEvents {
  /** The server greeted: this is a way that works. `probe` makes a hello that follows nothing. */
  greeted(probe: () => string): void
}

/**
 * A live connection made of polls: it keeps for each followed space where the copy stands after all frames that were given on, as a gateway
 * does for a socket, and states that in each poll. Frames are held against their schemas where those of a socket are. Imports nothing that
 * the rest of the client loads, which would be cut in two for it. Source: protocol §4, [B10].
 */
export function polledSocket({ request, clock }: PolledPorts, pace: Pace, events: PolledEvents): LiveSocket {
  const ending = new AbortController()
  let hello: Omit<Hello, 'token' | 't'> | undefined
  let token = ''
  /** Whom the server greeted. */
  let user: string | undefined
  const places = new Map<SpaceId, Standings[SpaceId]>()
  /** By space and lane, the last tick that was given on. */
  const lanes: Record<SpaceId, Record<string, number>> = {}
  /** How each of them runs, as it was told last. */
  const states: Record<SpaceId, Record<string, string>> = {}
  /** Stated since the last answer. */
  const stated = new Set<SpaceId>()
  /** Beats of the client that wait for their answer. */
  let beats = 0
  /** The next wait, after a poll that was ended in its silence. */
  let shorterS: number | undefined
  /** Versions that acks told of, until they were looked for [M4]. */
  const reach = new Map<SpaceId, number>()
  let cancelReach = () => {}
  let pauseMs = PAUSE_MS
  let present: AbortController | undefined
  let cancelNext = () => {}

  function over(code: number): void {
    if (ending.signal.aborted) return
    close()
    events.closed(code)
  }

  function close(): void {
    ending.abort()
    present?.abort()
    cancelNext()
    cancelReach()
  }

  function tell(frame: object): void {
    if (!ending.signal.aborted) events.frame(JSON.stringify(frame))
  }

  /** A request, ended at its deadline or with this connection. Rejects with what is not of this protocol [B7]. */
  async function ask(path: string, body: object | undefined, timeoutMs: number, own: AbortController): Promise<HttpAnswer> {
    const { signal } = own
    const abort = () => own.abort()
    const cancel = clock.after(timeoutMs, abort)
    ending.signal.addEventListener('abort', abort)
    try {
      const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))))
      const asked = request({ path, token, body: body && JSON.stringify(body), timeoutMs, signal })
      const answer = await Promise.race([asked, aborted])
      if (answer.contentType !== 'application/json' || answer.text.length > ANSWER_CHARACTERS_MAX) throw new Error('something else')
      return answer
    } finally {
      cancel()
      ending.signal.removeEventListener('abort', abort)
    }
  }

  function poll(waitS: number): void {
    if (!hello) return
    const mine = new AbortController()
    present?.abort()
    present = mine
    cancelNext()
    const beganMs = clock.monotonicMs()
    const heldS = () => (clock.monotonicMs() - beganMs) / 1000
    ask(
      '/v1/poll',
      { ...hello, spaces: Object.fromEntries(places), ...(Object.keys(lanes).length > 0 && { lanes }), waitS },
      waitS * 1000 + ANSWER_WITHIN_MS,
      mine,
    )
      .then((answer) => {
        if (present === mine) take(answer, heldS() < waitS / 2)
      })
      .catch(() => {
        if (present !== mine) return
        if (waitS === 0 || heldS() < HELD_S_MIN) over(1006)
        else {
          // Perhaps the path ends what is silent for as long; if it works otherwise, the next wait is shorter.
          shorterS = Math.max(WAIT_S_MIN, Math.min(pace.waitS, Math.floor(heldS() / 2)))
          poll(0)
        }
      })
  }

  /** Throws at what is not of this protocol. `early`: sooner than half its wait. */
  function take({ status, text }: HttpAnswer, early: boolean): void {
    if (status !== 200) {
      refused(status, errorOf(text))
      return
    }
    let isWhole = false
    let isNews = false
    for (const frame of JSON.parse(text) as ServerFrame[]) {
      if (frame.t === 'beat') isWhole = true
      const heard = translated(frame)
      if (heard) isNews = true
      if (heard) tell(heard)
      if (ending.signal.aborted) return
    }
    stated.clear()
    pace.waitS = shorterS ?? pace.waitS
    shorterS = undefined
    const isVain = !isNews && (early || !isWhole)
    pauseMs = isVain ? Math.min(EARLY_PAUSE_MS_MAX, Math.max(EARLY_PAUSE_MS, 2 * pauseMs)) : PAUSE_MS
    if (isWhole || isVain) cancelNext = clock.after(pauseMs, () => poll(isWhole ? pace.waitS : 0))
    else poll(0)
  }

  /** What a socket would have brought in its place; undefined: nothing. */
  function translated(frame: ServerFrame): object | undefined {
    switch (frame.t) {
      case 'welcome': {
        if (user === undefined) {
          user = frame.user
          events.greeted(() => JSON.stringify({ t: 'hello', ...hello, token, spaces: {}, probe: true }))
          return frame
        }
        if (user !== frame.user) over(4403)
        const heads = Object.fromEntries(Object.entries(frame.heads).filter(([space]) => stated.has(space)))
        return stated.size > 0 ? { t: 'heads', heads, acked: frame.acked } : undefined
      }
      case 'range': {
        const { space, from, to, seal } = frame
        const place = places.get(space)
        if (!place) return undefined
        places.set(space, [to, seal])
        const isRepeat = from === to && to === place[0] && seal === place[1] && !stated.has(space)
        return isRepeat ? undefined : frame
      }
      case 'behind':
        return places.delete(frame.space) ? frame : undefined
      case 'denied':
        forgetLanes(frame.space)
        return places.delete(frame.space) ? frame : undefined
      case 'lane': {
        const { space, lane } = frame
        const state = JSON.stringify(frame)
        if (lanes[space]?.[lane] === undefined || states[space]?.[lane] === state) return undefined
        states[space] = { ...states[space], [lane]: state }
        return frame
      }
      case 'tick': {
        const { space, lane, tick } = frame
        const last = lanes[space]?.[lane]
        if (last === undefined) return undefined
        lanes[space] = { ...lanes[space], [lane]: Math.max(last, tick) }
        return frame
      }
      case 'beat':
        if (beats === 0) return undefined
        beats--
        return frame
      default:
        return frame
    }
  }

  /** The server refuses to serve now: it says for how long, or its code says why. */
  function refused(status: number, error: WireError): void {
    const { afterMs = 0 } = error
    if (status === 401) tell({ t: 'error', error })
    else if (afterMs > 0) tell({ t: 'goaway', afterMs: [afterMs, afterMs + PLACE_MS], error })
    over(4000 + status)
  }

  async function mutate({ client, on, mutations }: Extract<ClientFrame, { t: 'mutate' }>): Promise<void> {
    const { status, text } = await ask('/v1/mutations', { client, on, mutations }, MUTATIONS_WITHIN_MS, new AbortController())
    // Another status says that no mutation was looked at [M3].
    const answer: MutationAnswer = status === 200 ? JSON.parse(text) : { acks: [], error: { ...errorOf(text), n: mutations[0]?.n } }
    for (const ack of answer.acks)
      for (const [space, version] of Object.entries(ack.in ?? {})) reach.set(space, Math.max(version, reach.get(space) ?? 0))
    tell({ t: 'ack', client, ...answer })
    if (ending.signal.aborted) return
    cancelReach()
    cancelReach = clock.after(REACH_WITHIN_MS, () => {
      const lacking = [...reach].some(([space, version]) => version > (places.get(space)?.[0] ?? version))
      reach.clear()
      if (lacking) poll(0)
    })
  }

  /** All of that space, unless some are named. */
  function forgetLanes(space: SpaceId, names: readonly string[] = Object.keys(lanes[space] ?? {})): void {
    for (const lane of names) {
      delete lanes[space]?.[lane]
      delete states[space]?.[lane]
    }
    if (Object.keys(lanes[space] ?? {}).length > 0) return
    delete lanes[space]
    delete states[space]
  }

  /** Where this fails, the polls find out whether the path is broken. */
  async function sayInLane({ space, lane, n, id, body }: Extract<ClientFrame, { t: 'say' }>): Promise<void> {
    const path = `/v1/spaces/${encodeURIComponent(space)}/lanes/${lane}`
    try {
      const { status, text } = await ask(path, { id, body }, SAID_WITHIN_MS, new AbortController())
      tell({ t: 'said', n, ...(status === 200 ? { id: JSON.parse(text).id } : { error: errorOf(text) }) })
    } catch {
      tell({ t: 'said', n, error: { code: 'unavailable', message: 'the server cannot be reached', retryable: true } })
    }
  }

  function state(spaces: Standings, ofLanes: LanesStated = {}): void {
    for (const [space, each] of Object.entries(ofLanes)) {
      lanes[space] = { ...lanes[space], ...each }
      for (const lane of Object.keys(each)) delete states[space]?.[lane]
    }
    for (const [space, standing] of Object.entries(spaces)) {
      places.set(space, standing)
      stated.add(space)
    }
    poll(0)
  }

  // That the server is there over HTTP is known before a word is said: it says that this path is for WebSockets.
  ask('/v1/connect', undefined, ANSWER_WITHIN_MS, new AbortController())
    .then(({ text }) => {
      errorOf(text)
      if (!ending.signal.aborted) events.opened()
    })
    .catch(() => over(1006))

  return {
    send(text) {
      const frame = JSON.parse(text) as ClientFrame
      if (ending.signal.aborted) return
      switch (frame.t) {
        case 'hello': {
          const { t, token: shown, lanes: _, ...said } = frame
          token = shown
          hello = said
          state(frame.spaces, frame.lanes)
          break
        }
        case 'follow':
          state(frame.spaces, frame.lanes)
          break
        case 'unfollow':
          // It rides on the next poll.
          for (const space of frame.spaces) {
            places.delete(space)
            forgetLanes(space)
          }
          for (const [space, names] of Object.entries(frame.lanes ?? {})) forgetLanes(space, names)
          break
        case 'beat':
          beats++
          poll(0)
          break
        case 'auth':
          token = frame.token
          break
        case 'say':
          void sayInLane(frame)
          break
        case 'mutate':
          mutate(frame).catch(() => over(1006))
      }
    },
    close,
  }
}

/** Throws at what is no error of this protocol. */
function errorOf(text: string): WireError {
  const { error } = JSON.parse(text) as { error: WireError }
  if (typeof error.code !== 'string') throw new Error('something else')
  return error
}
