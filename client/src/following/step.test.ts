import { errorFromWire, LIMITS, type Seal, type Standing, toVersion, type Verdict } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { type Following, followedSpaces, isCaughtUp, NOT_FOLLOWING } from './following.ts'
import { type FollowingEffect, type FollowingEvent, LOSSES_MAX, PULLS_MAX, STATED_WITHIN_MS, step } from './step.ts'

const NOW = 1000
const a = 'room:a'
const b = 'room:b'
const error = (code: string, more: object = {}) =>
  errorFromWire({ code, message: code, retryable: ['unavailable', 'internal', 'rate-limited'].includes(code), ...more })
const heads = (spaces: Record<string, number>) => spaces as Record<string, Standing['version']>
const welcome = (spaces: Record<string, number>, spacesMax: number = LIMITS.spaces): FollowingEvent => ({
  type: 'welcome',
  heads: heads(spaces),
  spacesMax,
})
const applied = (space: string, verdict: Verdict, version: number, head = version, seal = 'aaaaaaaa') => {
  const standing = { version: toVersion(version), seal: seal as Seal }
  return {
    type: 'applied',
    range: { space, to: standing.version, head: toVersion(head) },
    applied: { verdict, standing, whole: true },
  } satisfies FollowingEvent
}

/** Runs events one after the other and gathers what is to be done. */
function run(events: readonly FollowingEvent[], from: Following = NOT_FOLLOWING, nowMs = NOW, chance = 0.5) {
  let state = from
  const effects: FollowingEffect[] = []
  for (const event of events) {
    const next = step(state, event, nowMs, chance)
    state = next.state
    effects.push(...next.effects)
  }
  return { state, effects, stage: (space: string) => state.spaces.get(space)?.stage }
}
const want = (space: string): FollowingEvent => ({ type: 'want', space })
/** `a` is followed and at its head, 3. */
const following = run([want(a), { type: 'opened' }, welcome({ [a]: 3 }), applied(a, 'news', 3)]).state
const behind: FollowingEvent = { type: 'behind', space: a, head: toVersion(9) }

describe('stating', () => {
  it('hello states all that is wanted, in the order in which it was', () => {
    expect(run([want(b), want(a), { type: 'opened' }]).effects).toEqual([{ type: 'hello', spaces: [b, a] }])
    expect(run([{ type: 'opened' }]).effects).toEqual([{ type: 'hello', spaces: [] }])
  })

  it('[B2] a space is followed from the welcome or heads that names it, until behind, denied or unfollow', () => {
    expect(followedSpaces(run([want(a), { type: 'opened' }]).state)).toEqual([])
    expect(followedSpaces(run([want(a), { type: 'opened' }, welcome({ [a]: 3 })]).state)).toEqual([a])
    expect(followedSpaces(run([behind], following).state)).toEqual([])
    expect(followedSpaces(run([{ type: 'denied', space: a, error: error('internal') }], following).state)).toEqual([])
    expect(followedSpaces(run([{ type: 'release', space: a }], following).state)).toEqual([])
  })

  it('what was released before the welcome that names it is unfollowed', () => {
    const { effects, state } = run([want(a), { type: 'opened' }, { type: 'release', space: a }, welcome({ [a]: 3 })])
    expect(effects.at(-1)).toEqual({ type: 'unfollow', spaces: [a] })
    expect(followedSpaces(state)).toEqual([])
  })

  it('what was released and wanted again before the welcome is stated once more: the unfollow ends what the welcome names', () => {
    const { effects, state } = run([want(a), { type: 'opened' }, { type: 'release', space: a }, want(a), welcome({ [a]: 3 })])
    expect(effects.slice(1)).toEqual([
      { type: 'unfollow', spaces: [a] },
      { type: 'follow', spaces: [a] },
    ])
    expect(followedSpaces(state)).toEqual([])
  })

  it('what was wanted before the welcome came is followed with it', () => {
    expect(run([{ type: 'opened' }, want(a), welcome({})]).effects.at(-1)).toEqual({ type: 'follow', spaces: [a] })
  })

  it('holds no more than the server allows, and asks for the next when a place is free', () => {
    const full = run([want(a), { type: 'opened' }, welcome({ [a]: 0 }, 1), want(b)])
    expect(full.stage(b)).toMatchObject({ name: 'denied', because: { code: 'too-large' } })
    expect(run([{ type: 'release', space: a }], full.state).effects).toEqual([
      { type: 'unfollow', spaces: [a] },
      { type: 'follow', spaces: [b] },
    ])
  })

  it('what the server denies as too many waits for a place', () => {
    const full = run([want(b), { type: 'denied', space: b, error: error('too-large') }], following)
    expect(full.stage(b)).toMatchObject({ name: 'denied' })
    expect(run([{ type: 'release', space: a }], full.state).effects.at(-1)).toEqual({ type: 'follow', spaces: [b] })
  })
})

describe('a welcome', () => {
  it('that allows more than the last one did lets in what found no place', () => {
    const hello = run([want(a), want(b), { type: 'opened' }], { ...NOT_FOLLOWING, spacesMax: 1 })
    expect(hello.effects).toEqual([{ type: 'hello', spaces: [a] }])
    expect(run([welcome({ [a]: 3 }, 2)], hello.state).effects).toEqual([{ type: 'follow', spaces: [b] }])
  })
})

describe('ranges', () => {
  it('[R4] a loss is answered by one statement; until its heads are here every other loss is dropped', () => {
    const lost = applied(a, 'lost', 3, 7)
    expect(run([lost, lost, lost], following).effects).toEqual([{ type: 'follow', spaces: [a] }])
    const answered = run([lost, { type: 'heads', heads: heads({ [a]: 7 }) }, applied(a, 'news', 7)], following)
    expect(answered.stage(a)).toMatchObject({ name: 'followed' })
  })

  it('[B2] what comes after the heads ends the statement, a loss too: then it is stated again', () => {
    const lost = applied(a, 'lost', 3, 7)
    const { effects } = run([lost, { type: 'heads', heads: heads({ [a]: 7 }) }, lost], following)
    expect(effects).toEqual([
      { type: 'follow', spaces: [a] },
      { type: 'follow', spaces: [a] },
    ])
  })

  it('[R4] a space that stays lost on the connection is pulled instead, and ever later', () => {
    const again: FollowingEvent[] = [{ type: 'heads', heads: heads({ [a]: 7 }) }, applied(a, 'lost', 3, 7)]
    const { state, effects, stage } = run(Array.from({ length: LOSSES_MAX + 1 }, () => again).flat(), following)
    expect(effects.at(-1)).toEqual({ type: 'unfollow', spaces: [a] })
    expect(stage(a)).toMatchObject({ name: 'due' })
    expect(run([{ type: 'time' }], state, state.wakeAtMs).effects).toEqual([{ type: 'pull', space: a, pull: 1 }])
  })

  it('is caught up when every wanted space that can be had is whole and at its head', () => {
    expect(isCaughtUp(following)).toBe(true)
    expect(isCaughtUp(run([applied(a, 'news', 4, 5)], following).state)).toBe(false)
    expect(isCaughtUp(run([applied(a, 'news', 5, 5, 'aaaaaaaa~1')], following).state)).toBe(false)
    expect(isCaughtUp(run([{ type: 'denied', space: a, error: error('unavailable') }], following).state)).toBe(true)
    expect(isCaughtUp(run([{ type: 'disconnected' }], following).state)).toBe(false)
  })
})

describe('[B1] sums', () => {
  /** `ours`: the sum of a single copy. */
  const beat = (ours: number, theirs: number): FollowingEvent => {
    return { type: 'beat', ours: new Map([[a, { version: toVersion(Math.max(0, ours - 1)), seal: '' as Seal }]]), theirs }
  }

  it('that agree ask for nothing', () => {
    expect(run([{ type: 'beat sent' }, beat(5, 5)], following).effects).toEqual([])
  })

  it('that agree tell that the head is reached, also where another tab took the range that got lost here', () => {
    const behindHead = run([applied(a, 'news', 4, 5)], following).state
    const { state, effects } = run([{ type: 'beat sent' }, beat(6, 6)], behindHead)
    expect([isCaughtUp(behindHead), isCaughtUp(state), effects]).toEqual([false, true, []])
    expect(state.spaces.get(a)).toMatchObject({ standing: { version: 5 }, head: 5 })
  })

  it('that differ are answered with every number', () => {
    const two = run([want(b), { type: 'heads', heads: heads({ [b]: 0 }) }], following).state
    const { effects } = run([{ type: 'beat sent' }, beat(5, 6)], two)
    expect(effects).toEqual([{ type: 'follow', spaces: [a, b] }])
  })

  it('are not compared when a beat overtook a follow: the next one is', () => {
    const { effects, state } = run([{ type: 'beat sent' }, want(b), beat(5, 6)], following)
    expect(effects).toEqual([{ type: 'follow', spaces: [b] }])
    const named: FollowingEvent = { type: 'heads', heads: heads({ [b]: 0 }) }
    expect(run([named, { type: 'beat sent' }, beat(5, 6)], state).effects).toEqual([{ type: 'follow', spaces: [a, b] }])
  })

  it('of two beats under way before a follow, neither answer is compared', () => {
    const { effects } = run([{ type: 'beat sent' }, { type: 'beat sent' }, want(b), beat(5, 6), beat(5, 6)], following)
    expect(effects).toEqual([{ type: 'follow', spaces: [b] }])
  })

  it('an unfollow after the beat was sent makes its answer speak of the past', () => {
    expect(run([{ type: 'beat sent' }, { type: 'release', space: a }, beat(0, 6)], following).effects).toEqual([
      { type: 'unfollow', spaces: [a] },
    ])
  })

  it('a follow that got lost is found when the beat after it is answered, though both sums leave it out', () => {
    const { effects } = run([want(b), { type: 'beat sent' }, beat(5, 5)], following)
    expect(effects).toEqual([
      { type: 'follow', spaces: [b] },
      { type: 'follow', spaces: [b] },
    ])
  })

  it('a statement without an answer has one sent in time, and again while nothing comes; a welcome names what its hello stated late', () => {
    const { state } = run([want(b)], following)
    const atMs = NOW + STATED_WITHIN_MS
    expect(state.wakeAtMs).toBe(atMs)
    expect(run([{ type: 'time' }], state, atMs - 1)).toMatchObject({ effects: [], state: { wakeAtMs: atMs } })
    const late = run([{ type: 'time' }], state, atMs)
    expect(late.effects).toEqual([{ type: 'probe' }])
    expect(late.state.wakeAtMs).toBe(atMs + STATED_WITHIN_MS)
    expect(run([{ type: 'time' }], late.state, late.state.wakeAtMs).effects).toEqual([{ type: 'probe' }])
    expect(run([{ type: 'beat sent' }, beat(5, 5)], late.state, atMs).effects).toEqual([{ type: 'follow', spaces: [b] }])
    const named = run([{ type: 'heads', heads: heads({ [b]: 0 }) }], state).state
    expect(run([{ type: 'time' }], named, atMs)).toMatchObject({ effects: [], state: { wakeAtMs: Number.POSITIVE_INFINITY } })
    const greeting = run([want(a), want(b), { type: 'opened' }]).state
    expect(run([welcome({ [a]: 3, [b]: 0 })], greeting, atMs).effects).toEqual([])
    expect(run([welcome({ [a]: 3 })], greeting, atMs).effects).toEqual([{ type: 'probe' }])
  })

  it('what is named and does not come has a beat sent in time; each range that comes gives the next one as long', () => {
    const { state } = run([want(b), { type: 'heads', heads: heads({ [b]: 9 }) }], following)
    const atMs = NOW + STATED_WITHIN_MS
    expect(run([{ type: 'time' }], state, atMs).effects).toEqual([{ type: 'probe' }])
    const coming = run([applied(b, 'news', 4, 9)], state, atMs - 1)
    expect(coming.effects).toEqual([])
    expect(coming.state.wakeAtMs).toBe(atMs - 1 + STATED_WITHIN_MS)
    expect(run([applied(b, 'news', 9)], coming.state, atMs).state.wakeAtMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('a space that is behind, denied or unfollowed is not stated when they differ', () => {
    const { effects } = run([behind, { type: 'beat sent' }, beat(0, 6)], following)
    expect(effects).toEqual([{ type: 'pull', space: a, pull: 1 }])
  })
})

describe('[B5] behind', () => {
  it('is pulled page by page until the head, then followed again', () => {
    const { effects, state } = run([behind, applied(a, 'news', 6, 9), applied(a, 'news', 9, 9)], following)
    expect(effects).toEqual([
      { type: 'pull', space: a, pull: 1 },
      { type: 'pull', space: a, pull: 2 },
      { type: 'follow', spaces: [a] },
    ])
    expect(state.spaces.get(a)?.stage.name).toBe('asked')
  })

  it('a pull that fails is tried again later, not before what the server asks', () => {
    const failed: FollowingEvent = { type: 'denied', space: a, pull: 1, error: error('rate-limited', { afterMs: 5000 }) }
    const { state, stage } = run([behind, failed], following)
    expect(stage(a)).toMatchObject({ name: 'due' })
    expect(state.wakeAtMs).toBeGreaterThanOrEqual(NOW + 5000)
    expect(run([{ type: 'time' }], state, state.wakeAtMs).effects).toEqual([{ type: 'pull', space: a, pull: 2 }])
  })

  it(`no more than ${PULLS_MAX} pulls are under way at a time`, () => {
    const names = Array.from({ length: 10 }, (_, at) => `room:${at}`)
    const all = run([...names.map(want), { type: 'opened' }, welcome(Object.fromEntries(names.map((name) => [name, 9])))])
    const { effects, state } = run(
      names.map((space) => ({ type: 'behind', space, head: toVersion(9) })),
      all.state,
    )
    expect(effects.length).toBe(PULLS_MAX)
    expect(run([applied('room:0', 'news', 9, 9)], state).effects).toContainEqual({ type: 'pull', space: 'room:4', pull: 5 })
  })

  it('the end of the connection voids what is under way', () => {
    const { state } = run([behind, { type: 'disconnected' }, { type: 'opened' }], following)
    expect(run([applied(a, 'news', 9, 9)], state).effects).toEqual([])
    expect(state.spaces.get(a)?.stage.name).toBe('asked')
  })
})

describe('denied', () => {
  it('[B8] forbidden removes the copy; the answers under way are void', () => {
    const { effects, state, stage } = run([behind, { type: 'denied', space: a, error: error('forbidden') }], following)
    expect(effects.at(-1)).toEqual({ type: 'drop', space: a })
    expect(stage(a)).toMatchObject({ name: 'denied' })
    expect(state.spaces.get(a)?.standing.version).toBe(0)
    expect(run([{ type: 'denied', space: a, pull: 1, error: error('unavailable') }], state).state.spaces.get(a)).toEqual(
      state.spaces.get(a),
    )
  })

  it('[B8] forbidden on a pull does the same', () => {
    const { effects } = run([behind, { type: 'denied', space: a, pull: 1, error: error('forbidden') }], following)
    expect(effects.at(-1)).toEqual({ type: 'drop', space: a })
  })

  it('[B8] internal keeps the copy, and asks again later', () => {
    const { effects, state } = run([{ type: 'denied', space: a, error: error('internal') }], following)
    expect(effects).toEqual([])
    expect(run([{ type: 'time' }], state, state.wakeAtMs).effects).toEqual([{ type: 'follow', spaces: [a] }])
  })

  it('[B3] unavailable is followed again after afterMs', () => {
    const { state } = run([{ type: 'denied', space: a, error: error('unavailable', { afterMs: 7000 }) }], following, NOW, 0)
    expect(state.wakeAtMs).toBe(NOW + 7000)
  })

  it('is asked again when the app opens the space again, and on the next connection', () => {
    const denied = run([{ type: 'denied', space: a, error: error('forbidden') }], following).state
    expect(run([want(a)], denied).effects).toEqual([{ type: 'follow', spaces: [a] }])
    expect(run([{ type: 'disconnected' }, { type: 'opened' }], denied).effects).toEqual([{ type: 'hello', spaces: [a] }])
  })

  it('a statement that the server could not serve is made again later, and what held before holds', () => {
    const { state, stage } = run([applied(a, 'lost', 3, 7), { type: 'error', error: error('rate-limited', { afterMs: 4000 }) }], following)
    expect(stage(a)).toMatchObject({ name: 'due', because: { code: 'rate-limited' } })
    expect(followedSpaces(state)).toEqual([a])
    expect(state.wakeAtMs).toBeGreaterThanOrEqual(NOW + 4000)
  })
})

describe('[M4] versions that acks told of', () => {
  const reach = (space: string, version: number): FollowingEvent => ({ type: 'reach', versions: new Map([[space, version]]) })

  it('of a followed space come by themselves', () => {
    expect(run([reach(a, 4)], following).effects).toEqual([])
  })

  it('of another are pulled, and then it is forgotten', () => {
    const { effects, state } = run([reach(b, 4), applied(b, 'news', 4, 4)], following)
    expect(effects).toEqual([{ type: 'pull', space: b, pull: 1 }])
    expect(state.spaces.has(b)).toBe(false)
  })

  it('are pulled again from a server that lags behind', () => {
    const { state, stage } = run([reach(b, 4), applied(b, 'repeat', 3, 3)], following)
    expect(stage(b)).toMatchObject({ name: 'due' })
    expect(run([{ type: 'time' }], state, state.wakeAtMs).effects).toEqual([{ type: 'pull', space: b, pull: 2 }])
  })

  it('are forgotten with the history that they belonged to', () => {
    const { state } = run([reach(b, 4), applied(b, 'reset', 2, 2)], following)
    expect(state.spaces.has(b)).toBe(false)
  })

  it('survive the release of a space and the loss of a connection', () => {
    const released = run([reach(a, 4), { type: 'release', space: a }], following)
    expect(released.effects).toEqual([
      { type: 'unfollow', spaces: [a] },
      { type: 'pull', space: a, pull: 1 },
    ])
    const again = run([{ type: 'disconnected' }, { type: 'opened' }, welcome({})], released.state)
    expect(again.effects).toEqual([
      { type: 'hello', spaces: [] },
      { type: 'pull', space: a, pull: 2 },
    ])
  })
})
