// Goal: whatever a network loses, repeats or cuts, and whichever tab is connected, nobody is shown a thing twice, and each sees what they said themselves
// exactly once; what the server said it took is there once.
// Method: any sequence of acts on tabs of one device in virtual time; each tab looks at the lane from its beginning on.
import type { LaneItem } from '@tidemark/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_FAULTS } from '../testing/fake-server.ts'
import { type Tab, tabDevice } from '../testing/tab-device.ts'
import type { Lane } from './lane-api.ts'
import { SAY_WITHIN_MS } from './saying.ts'

const ROUNDS = process.env.CI === undefined ? 25 : 400
/** On a machine that does other things, too. */
const TEST_WITHIN_MS = 120_000
const FAULTY = { lose: 0.1, repeat: 0.1, loseUp: 0.1, cut: 0.02, behind: 0.05, http: 0.2 }
const live = 'live:1'

const nth = fc.nat(3)
const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('say' as const), tab: nth }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('others' as const), many: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('freeze' as const, 'thaw' as const, 'die' as const), tab: nth }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('open' as const, 'cut' as const, 'silent' as const, 'down' as const, 'well' as const) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('run' as const), ms: fc.constantFrom(5, 20, 300, 1000, 5000, 40_000) }) },
)
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never

interface Looking {
  readonly tab: Tab
  readonly lane: Lane<unknown>
  readonly shown: LaneItem[]
  readonly own: { readonly id: string; end?: 'taken' | 'not' }[]
  frozen: boolean
  dead: boolean
}

async function play(acts: readonly Act[], seed: number): Promise<void> {
  const device = tabDevice(() => new Promise((resolve) => setImmediate(resolve)), seed)
  const { server, time } = device
  const tabs: Looking[] = []
  async function open(): Promise<void> {
    if (tabs.length >= 4) return
    const tab = await device.open({ spaces: [live] })
    const lane = (tab.replica.space(live) as unknown as { lane(name: string): Lane<unknown> }).lane('danmu')
    const shown: LaneItem[] = []
    lane.items$.subscribe(({ items }) => shown.push(...items))
    tabs.push({ tab, lane, shown, own: [], frozen: false, dead: false })
  }
  await open()
  for (const one of acts) {
    const at = 'tab' in one ? tabs[one.tab % tabs.length] : undefined
    if (one.do === 'say' && at && !at.frozen && !at.dead) {
      const { item, accepted } = at.lane.say({ text: 'x' })
      const own: Looking['own'][number] = { id: item.id }
      at.own.push(own)
      accepted.then(
        () => (own.end = 'taken'),
        () => (own.end = 'not'),
      )
    } else if (one.do === 'others') for (let n = 0; n < one.many; n++) server.lanes.say(live, 'danmu', 'bob', { text: 'y' })
    else if (one.do === 'freeze' && at && !at.dead && !at.frozen) {
      at.tab.freeze()
      at.frozen = true
    } else if (one.do === 'thaw' && at && !at.dead) {
      at.tab.thaw()
      at.frozen = false
    } else if (one.do === 'die' && at && !at.dead) {
      at.dead = true
      await at.tab.die()
    } else if (one.do === 'open') await open()
    else if (one.do === 'cut' || one.do === 'silent') server.cut(one.do === 'silent')
    else if (one.do === 'down') server.faults = FAULTY
    else if (one.do === 'well') server.faults = NO_FAULTS
    else if (one.do === 'run') await time.run(one.ms)
  }
  server.faults = NO_FAULTS
  for (const { tab, dead } of tabs) if (!dead) tab.thaw()
  await time.run(SAY_WITHIN_MS + 30_000)
  const taken = server.lanes.taken.map(({ id, by }) => `${by} ${id}`)
  expect(new Set(taken).size).toBe(taken.length)
  for (const { shown, own, dead } of tabs) {
    const ids = shown.map(({ id, by }) => `${by} ${id}`)
    expect(new Set(ids).size).toBe(ids.length)
    if (dead) continue
    for (const { id, end } of own) {
      expect(ids.filter((one) => one === `alice ${id}`)).toHaveLength(1)
      expect(end).toBeDefined()
      if (end === 'taken') expect(taken).toContain(`alice ${id}`)
    }
  }
  // Whoever is left sees what comes from now on.
  const left = tabs.filter(({ dead }) => !dead)
  server.lanes.say(live, 'danmu', 'bob', { text: 'now' }, 'now')
  await time.run(90_000)
  for (const { shown } of left) expect(shown.filter(({ id }) => id === 'now')).toHaveLength(1)
  await device.close()
}

describe('lanes', () => {
  it(
    'show nothing twice, and what one said exactly once',
    () => fc.assert(fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), fc.nat(10_000), play), { numRuns: ROUNDS }),
    TEST_WITHIN_MS,
  )
})
