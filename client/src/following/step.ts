import { type Heads, NOTHING, type Range, type SpaceId, type Standing, type SyncError, TooLargeError } from '@tidemark/shared'
import { askedMs, backoffMs } from '../backoff.ts'
import type { Applied } from './copies.ts'
import { type FollowedSpace, type Following, isFollowed, isStated, isWholeAt, type Stage, UNKNOWN_SPACE } from './following.ts'

/** Pulls under way at a time. */
export const PULLS_MAX = 4
/** Losses in a row after which a space is pulled, each time later, instead of stated once more on the connection. */
export const LOSSES_MAX = 3
/** Beats that are counted as not yet answered: their answers come one by one, so more means that one got lost. */
const BEATS_MAX = 3

export type FollowingEvent =
  /** The app holds it open from here on; once more where it was denied asks again. */
  | { readonly type: 'want'; readonly space: SpaceId }
  | { readonly type: 'release'; readonly space: SpaceId }
  /** A socket is open: time for the first frame. */
  | { readonly type: 'opened' }
  | { readonly type: 'welcome'; readonly heads: Heads; readonly spacesMax: number }
  | { readonly type: 'heads'; readonly heads: Heads }
  | { readonly type: 'disconnected' }
  /** Where copies were found to stand. */
  | { readonly type: 'standings'; readonly standings: ReadonlyMap<SpaceId, Standing> }
  /** A range was judged and done; `pull` where it answered one. */
  | { readonly type: 'applied'; readonly range: Pick<Range, 'space' | 'to' | 'head'>; readonly applied: Applied; readonly pull?: number }
  | { readonly type: 'pull failed'; readonly space: SpaceId; readonly pull: number; readonly error: SyncError }
  | { readonly type: 'behind'; readonly space: SpaceId; readonly head: number }
  | { readonly type: 'denied'; readonly space: SpaceId; readonly error: SyncError }
  /** A frame of ours could not be served; the server does not say which. */
  | { readonly type: 'error'; readonly error: SyncError }
  | { readonly type: 'beat sent' }
  /** `ours`: the sum over followedSpaces as the copies stand now. */
  | { readonly type: 'beat'; readonly theirs: number; readonly ours: number }
  /** Versions that acks told of [M4]. */
  | { readonly type: 'reach'; readonly versions: ReadonlyMap<SpaceId, number> }
  | { readonly type: 'time' }

export type FollowingEffect =
  | { readonly type: 'hello'; readonly spaces: readonly SpaceId[] }
  | { readonly type: 'follow'; readonly spaces: readonly SpaceId[] }
  | { readonly type: 'unfollow'; readonly spaces: readonly SpaceId[] }
  /** By HTTP, from where the copy stands; the answer comes back as `applied` or `pull failed` with this number. */
  | { readonly type: 'pull'; readonly space: SpaceId; readonly pull: number }
  /** Remove the copy, keep what is pending [B8]. */
  | { readonly type: 'drop'; readonly space: SpaceId }

export interface FollowingStep {
  readonly state: Following
  readonly effects: readonly FollowingEffect[]
}

/** What following does about an event. Pure: `nowMs` is any clock that does not go back, `chance` uniform in [0, 1). */
export function step(before: Following, event: FollowingEvent, nowMs: number, chance: number): FollowingStep {
  const spaces = new Map(before.spaces)
  const effects: FollowingEffect[] = []
  const asks: SpaceId[] = []
  let { connected, beats, staleBeats, spacesMax, pulls } = before

  const set = (id: SpaceId, change: Partial<FollowedSpace>) => spaces.set(id, { ...(spaces.get(id) ?? UNKNOWN_SPACE), ...change })
  const pull = (id: SpaceId) => set(id, { stage: { name: 'pulling', pull: 0 } })
  const hasRoom = () => {
    let stated = 0
    for (const { wanted, stage } of spaces.values()) if (wanted && stage.name !== 'idle' && stage.name !== 'denied') stated++
    return stated < spacesMax
  }
  const ask = (id: SpaceId) => {
    const stage = spaces.get(id)?.stage
    set(id, { stage: { name: 'asked', followed: stage !== undefined && isFollowed(stage) } })
    asks.push(id)
  }
  /** Asks for what has no place yet, as far as there is room, in the order in which it was wanted. */
  const admit = () => {
    for (const [id, { wanted, stage, reach }] of spaces) {
      const waits = stage.name === 'idle' || (stage.name === 'denied' && stage.because instanceof TooLargeError)
      if (!waits) continue
      if (!wanted) reach > 0 && pull(id)
      else if (hasRoom()) ask(id)
    }
  }
  /** `followed`: an earlier statement holds meanwhile. */
  const later = (id: SpaceId, entry: FollowedSpace, by: 'follow' | 'pull', error?: SyncError, followed = false) => {
    const failures = entry.failures + 1
    const atMs = nowMs + askedMs(error) + backoffMs(failures, chance)
    set(id, { failures, stage: { name: 'later', atMs, by, followed, because: error } })
  }
  /** After a pull that reached the head: follow on, pull for an ack, or be done. */
  const rest = (id: SpaceId, { wanted, reach }: FollowedSpace) => {
    if (wanted) {
      set(id, { stage: { name: 'idle' } })
      if (hasRoom()) ask(id)
    } else if (reach > 0) pull(id)
    else spaces.delete(id)
  }
  const deny = (id: SpaceId, entry: FollowedSpace, error: SyncError, by: 'follow' | 'pull') => {
    const forbidden = error.code === 'forbidden'
    if (forbidden) effects.push({ type: 'drop', space: id })
    const gone = forbidden ? { standing: NOTHING, whole: true, head: 0, reach: 0 } : {}
    if (error.retryable || error.code === 'bad-request' || error.code === 'unauthenticated') later(id, entry, by, error)
    else if (entry.wanted) set(id, { ...gone, stage: { name: 'denied', because: error } })
    else spaces.delete(id)
  }
  const named = (heads: Heads) => {
    for (const [id, head] of Object.entries(heads)) {
      const entry = spaces.get(id)
      // What was unfollowed since is on its way by a pull.
      const pulls = entry?.stage.name === 'pulling' || (entry?.stage.name === 'later' && entry.stage.by === 'pull')
      if (entry?.wanted && !pulls) set(id, { head, stage: entry.stage.name === 'followed' ? entry.stage : { name: 'named' } })
    }
  }

  switch (event.type) {
    case 'want': {
      const known = spaces.get(event.space)
      set(event.space, { wanted: true })
      const asksAnew = known === undefined || known.stage.name === 'idle' || known.stage.name === 'denied'
      if (connected && asksAnew && hasRoom()) ask(event.space)
      break
    }
    case 'release': {
      const entry = spaces.get(event.space)
      if (!entry?.wanted) break
      if (connected && isStated(entry.stage)) {
        effects.push({ type: 'unfollow', spaces: [event.space] })
        staleBeats = beats
      }
      set(event.space, { wanted: false, stage: { name: 'idle' } })
      if (entry.reach === 0) spaces.delete(event.space)
      if (connected) admit()
      break
    }
    case 'opened':
      beats = 0
      for (const [id, { wanted }] of spaces) set(id, { stage: { name: 'idle' }, ...(wanted ? { failures: 0 } : {}) })
      for (const [id, { wanted }] of spaces) if (wanted && hasRoom()) ask(id)
      break
    case 'welcome': {
      connected = true
      spacesMax = event.spacesMax
      named(event.heads)
      const released = Object.keys(event.heads).filter((id) => !spaces.get(id)?.wanted)
      if (released.length > 0) effects.push({ type: 'unfollow', spaces: released })
      admit()
      break
    }
    case 'heads':
      named(event.heads)
      break
    case 'disconnected':
      connected = false
      for (const [id, { stage }] of spaces) if (stage.name !== 'denied') set(id, { stage: { name: 'idle' } })
      break
    case 'standings':
      for (const [id, standing] of event.standings) if (spaces.has(id)) set(id, { standing, whole: isWholeAt(standing) })
      break
    case 'applied': {
      const { range, applied } = event
      const id = range.space
      const before = spaces.get(id)
      if (before === undefined) break
      const { verdict, standing, whole } = applied
      const moved = verdict === 'news' || verdict === 'reset'
      set(id, {
        standing,
        whole,
        head: verdict === 'lost' ? before.head : range.head,
        reach: standing.version >= before.reach ? 0 : before.reach,
      })
      const entry = spaces.get(id) as FollowedSpace
      const { stage } = entry
      if (event.pull !== undefined) {
        if (stage.name !== 'pulling' || stage.pull !== event.pull) break
        if (verdict === 'lost') later(id, entry, 'pull')
        else {
          if (moved) set(id, { failures: 0 })
          if (!whole || standing.version < range.head) pull(id)
          else if (!entry.wanted && entry.reach > 0) later(id, entry, 'pull')
          else rest(id, entry)
        }
      } else if (verdict !== 'lost') {
        set(id, { failures: 0, losses: 0, stage: stage.name === 'named' ? { name: 'followed' } : stage })
      } else if (stage.name === 'named' || stage.name === 'followed') {
        // [R4] One statement at a time: while one is `asked`, what was sent before it is dropped without a word.
        set(id, { losses: entry.losses + 1 })
        if (entry.losses < LOSSES_MAX) ask(id)
        else {
          effects.push({ type: 'unfollow', spaces: [id] })
          staleBeats = beats
          later(id, { ...entry, failures: entry.losses - LOSSES_MAX }, 'pull')
        }
      }
      break
    }
    case 'pull failed': {
      const entry = spaces.get(event.space)
      if (entry?.stage.name === 'pulling' && entry.stage.pull === event.pull) deny(event.space, entry, event.error, 'pull')
      break
    }
    case 'behind': {
      const entry = spaces.get(event.space)
      if (entry === undefined || !isStated(entry.stage)) break
      set(event.space, { head: event.head })
      pull(event.space)
      break
    }
    case 'denied': {
      const entry = spaces.get(event.space)
      // To what was unfollowed since, only the end of the right matters.
      if (entry?.wanted || event.error.code === 'forbidden') deny(event.space, entry ?? UNKNOWN_SPACE, event.error, 'follow')
      break
    }
    case 'error':
      for (const [id, entry] of spaces) if (entry.stage.name === 'asked') later(id, entry, 'follow', event.error, entry.stage.followed)
      break
    case 'beat sent':
      beats = Math.min(beats + 1, BEATS_MAX)
      break
    case 'beat': {
      beats = Math.max(0, beats - 1)
      if (staleBeats > 0) {
        staleBeats--
        break
      }
      // What was stated before this beat was sent has been answered before it [B1]: what is still `asked` got lost.
      const differs = event.ours !== event.theirs
      for (const [id, { stage }] of spaces) {
        if (differs ? isStated(stage) && stage.name !== 'later' : stage.name === 'asked') ask(id)
        else if (stage.name === 'named') set(id, { stage: { name: 'followed' } })
      }
      break
    }
    case 'reach':
      for (const [id, version] of event.versions) {
        const entry = spaces.get(id) ?? UNKNOWN_SPACE
        if (version <= entry.standing.version && spaces.has(id)) continue
        set(id, { reach: Math.max(version, entry.reach) })
        // A space that is followed gets its range by itself.
        if (connected && !entry.wanted && entry.stage.name === 'idle') pull(id)
      }
      break
    case 'time':
      if (connected)
        for (const [id, { stage }] of spaces) {
          if (stage.name === 'later' && stage.atMs <= nowMs) stage.by === 'follow' ? ask(id) : pull(id)
        }
      break
  }

  if (asks.length > 0) {
    effects.push({ type: event.type === 'opened' ? 'hello' : 'follow', spaces: asks })
    staleBeats = beats
  } else if (event.type === 'opened') effects.push({ type: 'hello', spaces: [] })
  if (connected) startPulls()
  return { state: { connected, beats, staleBeats, spacesMax, pulls, spaces }, effects }

  function startPulls(): void {
    const queued: SpaceId[] = []
    let active = 0
    for (const [id, { stage }] of spaces) {
      if (stage.name !== 'pulling') continue
      if (stage.pull > 0) active++
      else queued.push(id)
    }
    for (const id of queued.slice(0, Math.max(0, PULLS_MAX - active))) {
      const stage: Stage = { name: 'pulling', pull: ++pulls }
      set(id, { stage })
      effects.push({ type: 'pull', space: id, pull: pulls })
    }
  }
}
