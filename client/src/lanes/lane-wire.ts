import {
  type ClientFrame,
  type Clock,
  errorFromWire,
  type LaneItem,
  type LanePage,
  type LanesStated,
  PRESENCE_LANE,
  type ServerFrame,
  type SpaceId,
  type SyncError,
  UnavailableError,
  within,
} from '@tidemark/shared'

/** A lane of a space: `live:1 danmu`. */
export type LaneKey = `${SpaceId} ${string}`
export type LaneFrame = Extract<ServerFrame, { t: 'lane' | 'tick' }>

/** Lanes that are not followed here and whose last tick is remembered. */
const HEARD_LANES_MAX = 100

/** Without a lane where it is a space's. */
export function readLaneKey(key: SpaceId | LaneKey): { readonly space: SpaceId; readonly lane?: string | undefined } {
  const [space = '', lane] = key.split(' ')
  return { space, lane }
}

/** What is said, as it leaves. */
export type SaidItem = Pick<LaneItem, 'id' | 'body'>

/** What is asked of a server for a lane, once. Rejects with SyncErrors. */
export interface LaneWay {
  /** Says it; over HTTP where nothing is connected, or where `byRequest` says so. */
  say(space: SpaceId, lane: string, item: SaidItem, withinMs: number, byRequest: boolean): Promise<void>
  /** The minute of its archive that begins there. */
  page(space: SpaceId, lane: string, fromMs: number): Promise<LanePage>
}

/** The lanes of one connection: which are followed, from which tick on, and what waits for its `said`. It writes nothing down. */
export interface LaneWire {
  /** Once more: whoever wants it now has nothing of it. */
  want(key: LaneKey): void
  release(key: LaneKey): void
  /** Of these spaces, what the server has not answered for: to be stated in the next frame. */
  unanswered(isStated: (space: SpaceId) => boolean): LanesStated | undefined
  /** The server has forgotten the lanes of that space; of all, where a connection begins or ended. */
  forgotten(space?: SpaceId): void
  /** Came here, or to the tab that is connected. */
  heard(frame: LaneFrame): void
  said(frame: Extract<ServerFrame, { t: 'said' }>): void
  /** Resolves with its `said`. Rejects with SyncErrors: what `said` says, or UnavailableError where none came within `withinMs`. */
  say(send: (frame: ClientFrame) => void, space: SpaceId, lane: string, item: SaidItem, withinMs: number): Promise<void>
  /** No `said` comes any more. */
  lost(because: SyncError): void
}

export function createLaneWire(clock: Clock): LaneWire {
  /** Those that are wanted: their last tick, 0 for none, and whether the server has answered the statement. */
  const lanes = new Map<LaneKey, { last: number; answered: boolean }>()
  /** Their last tick, as the tab that is connected told it: whoever takes over goes on from there. */
  const others = new Map<LaneKey, number>()
  const waiting = new Map<number, (error?: SyncError) => void>()
  let n = 0
  return {
    want(key) {
      lanes.set(key, { last: lanes.has(key) ? 0 : (others.get(key) ?? 0), answered: false })
      others.delete(key)
    },
    release: (key) => void lanes.delete(key),
    unanswered(isStated) {
      const stated: Record<SpaceId, Record<string, number>> = {}
      for (const [key, { last, answered }] of lanes) {
        const { space, lane } = readLaneKey(key)
        if (!answered && lane && isStated(space)) stated[space] = { ...stated[space], [lane]: last }
      }
      return Object.keys(stated).length > 0 ? stated : undefined
    },
    forgotten(space) {
      for (const [key, lane] of lanes) if (!space || readLaneKey(key).space === space) lane.answered = false
    },
    heard(frame) {
      const key: LaneKey = `${frame.space} ${frame.lane}`
      const lane = lanes.get(key)
      if (frame.t === 'lane') {
        if (lane) lane.answered = true
      } else if (lane) lane.last = Math.max(lane.last, frame.tick)
      // Who is there comes again to whoever has nothing, though it may be the same as long ago.
      else if (frame.lane !== PRESENCE_LANE) {
        others.delete(key)
        others.set(key, frame.tick)
        for (const [oldest] of others) if (others.size > HEARD_LANES_MAX) others.delete(oldest)
      }
    },
    said: ({ n, error }) => waiting.get(n)?.(error && errorFromWire(error)),
    say(send, space, lane, { id, body }, withinMs) {
      const mine = ++n
      const answer = new Promise<void>((resolve, reject) => waiting.set(mine, (error) => (error ? reject(error) : resolve())))
      send({ t: 'say', space, lane, n: mine, id, body })
      const tooLate = () => new UnavailableError('it was not answered in time')
      return within(clock, withinMs, answer, tooLate).finally(() => waiting.delete(mine))
    },
    lost(because) {
      for (const end of waiting.values()) end(because)
    },
  }
}
