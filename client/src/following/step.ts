import { type Heads, NOTHING, type Range, type SpaceId, type Standing, type SyncError, sumOf, TooLargeError } from '@tidemark/shared'
import { askedMs, backoffMs } from '../backoff.ts'
import type { Applied } from './copies.ts'
import { DUE, type FollowedSpace, type Following, isPulling, isStated, UNKNOWN_SPACE } from './following.ts'

/** Pulls under way at a time. */
export const PULLS_MAX = 4
/** Losses in a row after which a space is pulled, each time later, instead of stated once more on the connection. */
export const LOSSES_MAX = 3
/** A statement without an answer by then, or one that goes no further, was lost or its connection is dead: a beat finds out which [B1]. In ms. */
export const STATED_WITHIN_MS = 10_000
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
  /** A range was judged and done. While the space is pulling it is the answer to that. */
  | { readonly type: 'applied'; readonly range: Pick<Range, 'space' | 'to' | 'head'>; readonly applied: Applied }
  | { readonly type: 'behind'; readonly space: SpaceId; readonly head: number }
  /** Said on the connection, or what a pull of this number came to. */
  | { readonly type: 'denied'; readonly space: SpaceId; readonly error: SyncError; readonly pull?: number | undefined }
  /** A frame of ours could not be served; the server does not say which. */
  | { readonly type: 'error'; readonly error: SyncError }
  | { readonly type: 'beat sent' }
  /** `theirs`: the sum; `ours`: where the copies of followedSpaces stand now. */
  | { readonly type: 'beat'; readonly theirs: number; readonly ours: ReadonlyMap<SpaceId, Standing> }
  /** All versions that acks told of and that copies have not reached [M4]. */
  | { readonly type: 'reach'; readonly versions: ReadonlyMap<SpaceId, number> }
  | { readonly type: 'time' }

export type FollowingEffect =
  | { readonly type: 'hello'; readonly spaces: readonly SpaceId[] }
  | { readonly type: 'follow'; readonly spaces: readonly SpaceId[] }
  | { readonly type: 'unfollow'; readonly spaces: readonly SpaceId[] }
  /** An answer is overdue: send a beat now. */
  | { readonly type: 'probe' }
  /** By HTTP, from where the copy stands; the answer comes back as `applied`, or as `denied` with this number. */
  | { readonly type: 'pull'; readonly space: SpaceId; readonly pull: number }
  /** Remove the copy, keep what is pending [B8]. */
  | { readonly type: 'drop'; readonly space: SpaceId }

export interface FollowingStep {
  readonly state: Following
  readonly effects: readonly FollowingEffect[]
}

/**
 * What following does about an event. Pure: `nowMs` is any clock that does not go back, `chance` uniform in [0, 1). An event
 * only says what is due; `askForWhatIsDue` asks for it.
 */
export function step(before: Following, event: FollowingEvent, nowMs: number, chance: number): FollowingStep {
  const spaces = new Map(before.spaces)
  const effects: FollowingEffect[] = []
  let { connected, beats, spacesMax, pulls } = before
  let wakeAtMs = Number.POSITIVE_INFINITY
  const overdueAtMs = nowMs + STATED_WITHIN_MS

  const set = (id: SpaceId, change: Partial<FollowedSpace>) => spaces.set(id, { ...(spaces.get(id) ?? UNKNOWN_SPACE), ...change })
  /** Asked for again after a pause. */
  const later = (id: SpaceId, { failures }: FollowedSpace, because?: SyncError) => {
    const atMs = nowMs + askedMs(because) + backoffMs(failures + 1, chance)
    set(id, { failures: failures + 1, stage: { name: 'due', atMs, because } })
  }
  /** Tells what is followed, or not any more: beats under way speak of what was followed before [B1]. */
  const tell = (effect: FollowingEffect) => {
    effects.push(effect)
    beats = beats.map(() => false)
  }
  const unfollow = (id: SpaceId) => {
    set(id, { named: false })
    tell({ type: 'unfollow', spaces: [id] })
  }
  const admitMore = () => {
    for (const [id, { stage }] of spaces) if (stage.name === 'denied' && stage.because.code === 'too-large') set(id, { stage: DUE })
  }

  switch (event.type) {
    case 'want':
      set(event.space, spaces.get(event.space)?.stage.name === 'denied' ? { wanted: true, stage: DUE } : { wanted: true })
      break
    case 'release': {
      const space = spaces.get(event.space)
      if (!space?.wanted) break
      if (isStated(space)) unfollow(event.space)
      if (space.reach > 0) set(event.space, { wanted: false, stage: DUE })
      else spaces.delete(event.space)
      admitMore()
      break
    }
    case 'opened':
    case 'disconnected':
      connected = false
      beats = []
      for (const [id, { stage }] of spaces)
        if (event.type === 'opened' || stage.name !== 'denied') set(id, { named: false, behind: false, stage: DUE, failures: 0 })
      break
    case 'welcome':
    case 'heads':
      if (event.type === 'welcome') {
        connected = true
        spacesMax = event.spacesMax
        admitMore()
      }
      for (const [id, head] of Object.entries(event.heads))
        if (isStated(spaces.get(id))) set(id, { named: true, head, stage: { name: 'followed', untilMs: overdueAtMs } })
      break
    case 'applied': {
      const { space: id, head } = event.range
      const { verdict, standing } = event.applied
      const space = spaces.get(id)
      if (!space) break
      const { stage, wanted, failures } = space
      const lost = verdict === 'lost'
      // A history that was replaced may never come to what an ack told of.
      const reach = verdict !== 'reset' && standing.version < space.reach ? space.reach : 0
      set(id, { standing, reach, ...(!lost && { head }) })
      if (stage.name === 'pulling') {
        if (lost) later(id, space)
        else if (standing.version < head) set(id, { stage: DUE, failures: 0 })
        else if (wanted) set(id, { stage: DUE, behind: false })
        else if (reach > 0) later(id, space)
        else spaces.delete(id)
      } else if (!lost) set(id, { failures: 0, ...(stage.name === 'followed' && { stage: { ...stage, untilMs: overdueAtMs } }) })
      // [R4] One statement at a time: while one is due or asked, what was sent before it is dropped without a word.
      else if (stage.name === 'followed') {
        if (failures < LOSSES_MAX) set(id, { stage: DUE, failures: failures + 1 })
        else {
          unfollow(id)
          set(id, { behind: true })
          later(id, space)
        }
      }
      break
    }
    case 'behind':
      if (isStated(spaces.get(event.space))) set(event.space, { head: event.head, named: false, behind: true, stage: DUE })
      break
    case 'denied': {
      const { space: id, error, pull } = event
      const space = spaces.get(id) ?? UNKNOWN_SPACE
      const forbidden = error.code === 'forbidden'
      // To what was unfollowed since, only the end of the right matters.
      if (pull === undefined ? !space.wanted && !forbidden : !isPulling(space, pull)) break
      if (forbidden) effects.push({ type: 'drop', space: id })
      set(id, { named: false, ...(forbidden && { standing: NOTHING, head: 0, reach: 0 }) })
      if (error.retryable) later(id, space, error)
      else if (space.wanted) set(id, { stage: { name: 'denied', because: error } })
      else spaces.delete(id)
      break
    }
    case 'error':
      for (const [id, space] of spaces) if (space.stage.name === 'asked') later(id, space, event.error)
      break
    case 'beat sent':
      beats = [...beats, true].slice(-BEATS_MAX)
      break
    case 'beat': {
      const [comparable] = beats
      beats = beats.slice(1)
      if (!comparable) break
      const lacksNothing = sumOf(event.ours.values()) === event.theirs
      for (const [id, { stage }] of spaces) {
        const standing = event.ours.get(id)
        // What was stated before this beat was sent has been answered before it [B1]: what is still `asked` got lost.
        if (stage.name === 'asked' || (stage.name === 'followed' && !lacksNothing)) set(id, { stage: DUE })
        // Another tab may have taken what got lost here.
        else if (standing && lacksNothing) set(id, { standing, head: standing.version })
      }
      break
    }
    case 'reach':
      for (const [id, version] of event.versions) {
        const { standing } = spaces.get(id) ?? UNKNOWN_SPACE
        if (version > standing.version) set(id, { reach: version })
      }
      break
    case 'time':
      break
  }

  if (connected || event.type === 'opened') askForWhatIsDue()
  return { state: { connected, beats, spacesMax, pulls, wakeAtMs, spaces }, effects }

  /** In the order in which it was wanted, as far as there is a place. */
  function askForWhatIsDue(): void {
    let stated = 0
    let pulling = 0
    for (const { wanted, stage } of spaces.values()) {
      if (stage.name === 'pulling') pulling++
      if (wanted && stage.name !== 'due' && stage.name !== 'denied') stated++
    }
    const asks: SpaceId[] = []
    const wait = (id: SpaceId, name: 'asked' | 'followed' = 'asked') => {
      set(id, { stage: { name, untilMs: overdueAtMs } })
      wakeAtMs = Math.min(wakeAtMs, overdueAtMs)
    }
    let overdue = false
    for (const [id, { wanted, named, behind, stage, standing, head }] of spaces) {
      if ((stage.name === 'followed' && standing.version < head) || stage.name === 'asked') {
        if (stage.untilMs > nowMs) wakeAtMs = Math.min(wakeAtMs, stage.untilMs)
        else {
          overdue = true
          wait(id, stage.name)
        }
      }
      if (stage.name !== 'due') continue
      if (stage.atMs > nowMs) wakeAtMs = Math.min(wakeAtMs, stage.atMs)
      else if (!wanted || behind) {
        // A request goes out with a token that a welcome has proved.
        if (!connected || pulling++ >= PULLS_MAX) continue
        set(id, { stage: { name: 'pulling', pull: ++pulls } })
        effects.push({ type: 'pull', space: id, pull: pulls })
      } else if (named || stated++ < spacesMax) {
        wait(id)
        asks.push(id)
      } else set(id, { stage: { name: 'denied', because: new TooLargeError(`more than ${spacesMax} spaces are open`) } })
    }
    if (event.type === 'opened') tell({ type: 'hello', spaces: asks })
    else if (asks.length > 0) tell({ type: 'follow', spaces: asks })
    if (overdue) effects.push({ type: 'probe' })
  }
}
