// Goal: whatever dies, what is held is held once, and what is released or announced appears once. Method: a server over disks that die at
// one of their calls, before or after its effect; each call in turn; another server goes on over what they hold.
import { describe, expect, it } from 'vitest'
import { user } from '../../test/backend-world.ts'
import { LIVE, ShowWorld } from '../../test/show-world.ts'
import { settle } from '../../test/virtual-clock.ts'
import type { Changelog } from '../changelog/changelog.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import type { LaneStore } from '../lanes/lane-store.ts'
import { memoryLaneStore } from '../lanes/memory/memory-lane-store.ts'

const DEPUTY = user('deputy')
const HM = { words: ['hm'], action: 'hold' }
const LANE = { space: LIVE, lane: 'danmu' }

/** Disks of one process: after the call at which they die they never answer again. */
class Disks {
  readonly memory = memoryChangelog()
  readonly kept = memoryLaneStore()
  readonly changelog: Changelog
  readonly store: LaneStore
  calls = 0
  #dieAt = Number.POSITIVE_INFINITY
  #isBefore = false
  #isDead = false

  constructor() {
    this.changelog = { ...this.memory, write: this.#mortal(this.memory.write), read: this.#mortal(this.memory.read) }
    this.store = {
      ...this.kept,
      append: this.#mortal(this.kept.append),
      merge: this.#mortal(this.kept.merge),
      lane: this.#mortal(this.kept.lane),
    }
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** At the call `at` from now on, counted from 1. */
  dieAt(at: number, isBefore: boolean): void {
    this.calls = 0
    this.#dieAt = at
    this.#isBefore = isBefore
  }

  #mortal<Call extends (...args: any[]) => Promise<any>>(call: Call): Call {
    const never = () => new Promise<never>(() => {})
    return (async (...args: Parameters<Call>) => {
      if (this.#isDead) return never()
      const isLast = ++this.calls === this.#dieAt
      if (isLast) this.#isDead = this.#isBefore
      if (this.#isDead) return never()
      const answer = await call(...args)
      if (isLast) this.#isDead = true
      return this.#isDead ? never() : answer
    }) as Call
  }
}

/** Runs `acts` on a server that dies at each of its calls in turn, then `after` on the next one, until one comes through alive. */
async function dying(acts: (world: ShowWorld) => void, after: (next: ShowWorld) => Promise<void>): Promise<number> {
  for (let at = 1; ; at++) {
    let isDead = false
    for (const isBefore of [true, false]) {
      const disks = new Disks()
      const world = await ShowWorld.started(disks)
      await world.act('addWords', HM)
      disks.dieAt(at, isBefore)
      acts(world)
      for (let turn = 0; turn < 20; turn++) await settle()
      await world.clock.pass(3000)
      isDead ||= disks.isDead
      const next = await ShowWorld.started({ changelog: disks.memory, store: disks.kept })
      await after(next)
    }
    if (!isDead) return at - 1
  }
}

describe('a server that dies', () => {
  it('between any two steps of holding: what is said again is held once, and shows once when it is released', async () => {
    const deaths = await dying(
      (world) => void world.say('hm', { id: 'a' }),
      async (next) => {
        expect(await next.say('hm', { id: 'a' })).toBe('a')
        const [held, ...more] = await next.held()
        expect(more).toEqual([])
        await next.act('release', { id: held as string }, DEPUTY)
        expect(await next.shown()).toEqual(['hm'])
      },
    )
    expect(deaths).toBeGreaterThanOrEqual(1)
  })

  it('between any two steps of releasing and announcing: each shows once, and nothing is left on its way', async () => {
    const deaths = await dying(
      (world) =>
        void world.say('hm', { id: 'a' }).then(async () => {
          await world.act('announce', { ...LANE, id: 'n1', text: 'hi' })
          for (const id of await world.held()) await world.act('release', { id })
        }),
      async (next) => {
        // Whoever was not answered does it again: the same mutations of the same client.
        await next.say('hm', { id: 'a' })
        await next.act('addWords', HM)
        await next.act('announce', { ...LANE, id: 'n1', text: 'hi' })
        for (const id of await next.held()) await next.act('release', { id }, DEPUTY)
        expect((await next.shown()).sort()).toEqual(['! hi', 'hm'])
        expect([await next.documents('outgoing'), await next.held()]).toEqual([{}, []])
      },
    )
    expect(deaths).toBeGreaterThanOrEqual(8)
  })
})
