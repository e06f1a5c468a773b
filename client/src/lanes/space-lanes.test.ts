// Goal: a lane shows what its space says, at once and once, over sockets, requests and other tabs, and leaves nothing behind.
// Method: real replicas of one device over a server that is as small as the protocol allows, in virtual time.
import { type App, collection, defineApp, InvalidError, type LaneItem, lane, type SyncError, space } from '@tidemark/shared'
import type { Observable } from 'rxjs'
import * as v from 'valibot'
import { afterEach, describe, expect, it } from 'vitest'
import type { Space } from '../replica-api.ts'
import { type Tab, type TabDevice, tabDevice } from '../testing/tab-device.ts'
import type { Lane, LaneBatch } from './lane-api.ts'
import { SAY_WITHIN_MS, SAYS_UNDER_WAY_MAX } from './saying.ts'
import { LANE_KEPT_MS } from './space-lanes.ts'

const live = 'live:1'
interface Danmu {
  readonly text: string
}
interface LiveRoom {
  lane(name: string): Lane<Danmu>
  readonly presence$: Observable<unknown>
  close(): void
}

const devices: TabDevice[] = []
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close()
})
function device(seed = 1): TabDevice {
  const device = tabDevice(() => new Promise((resolve) => setImmediate(resolve)), seed)
  devices.push(device)
  return device
}

function roomOf(tab: Tab): LiveRoom {
  return tab.replica.space(live) as unknown as LiveRoom
}
/** What somebody who looks at a lane sees. */
function looked(lane: Lane<Danmu>): { readonly batches: LaneBatch<Danmu>[]; readonly ids: () => string[]; done: boolean; end(): void } {
  const batches: LaneBatch<Danmu>[] = []
  const look = {
    batches,
    ids: () => batches.flatMap(({ items }) => items.map(({ id }) => id)),
    done: false,
    end: () => subscription.unsubscribe(),
  }
  const subscription = lane.items$.subscribe({
    next: (batch) => batches.push(batch),
    complete: () => {
      look.done = true
    },
  })
  return look
}
const item = (id: string, by = 'bob'): LaneItem => ({ id, by, atMs: 0, body: { text: id } })
async function errorOf(promise: Promise<unknown>): Promise<SyncError | undefined> {
  return promise.then(
    () => undefined,
    (error) => error,
  )
}

describe('a lane', () => {
  it('shows the ring first, then each tick, and how it runs', async () => {
    const { open, server, time } = device()
    const tab = await open({ spaces: [live] })
    server.lanes.tick(live, 'danmu', [item('a')])
    await time.run(5000)
    server.lanes.tick(live, 'danmu', [item('b')])
    const danmu = roomOf(tab).lane('danmu')
    const states: unknown[] = []
    danmu.state$.subscribe((state) => states.push(state))
    const look = looked(danmu)
    await time.run(200)
    expect(look.batches.map(({ items, late }) => [items.map(({ id }) => id), late])).toEqual([
      [['a'], true],
      [['b'], false],
    ])
    await time.run(1000)
    server.lanes.tick(live, 'danmu', [item('c')], { cut: 7 })
    await time.run(200)
    expect(look.batches.at(-1)).toMatchObject({ items: [{ id: 'c' }], cut: 7, cleared: false, late: false })
    expect(states).toEqual([undefined, { tickMs: 1000, cap: 100 }])
    server.say({ t: 'lane', ...server.lanes.state(live, 'danmu'), stopped: true })
    await time.run(200)
    expect(states.at(-1)).toEqual({ tickMs: 1000, cap: 100, stopped: true })
  })

  it('is followed while somebody looks, and a moment longer', async () => {
    const { open, server, time } = device()
    const danmu = roomOf(await open({ spaces: [live] })).lane('danmu')
    await time.run(1000)
    expect(server.heard.some((frame) => 'lanes' in frame && frame.lanes)).toBe(false)
    const looks = [looked(danmu), looked(danmu)]
    await time.run(200)
    const follows = () => server.heard.filter((frame) => frame.t === 'follow' && frame.lanes).length
    expect(follows()).toBeGreaterThan(0)
    for (const look of looks) look.end()
    await time.run(LANE_KEPT_MS / 2)
    const again = looked(danmu)
    await time.run(LANE_KEPT_MS)
    expect(server.heard.some((frame) => frame.t === 'unfollow')).toBe(false)
    again.end()
    await time.run(LANE_KEPT_MS + 200)
    expect(server.heard.at(-1)).toEqual({ t: 'unfollow', spaces: [], lanes: { [live]: ['danmu'] } })
    server.lanes.tick(live, 'danmu', [item('unheard')])
    await time.run(200)
    expect(again.ids()).toEqual([])
  })

  it('batches what comes faster than the screen draws', async () => {
    const { open, server, time } = device()
    server.lanes.tickMs = 1
    const look = looked(roomOf(await open({ spaces: [live] })).lane('danmu'))
    await time.run(500)
    for (let n = 0; n < 100; n++) {
      server.lanes.tick(live, 'danmu', [item(`i${n}`)])
      await time.run(2)
    }
    await time.run(200)
    expect(look.ids()).toHaveLength(100)
    expect(look.batches.length).toBeLessThanOrEqual(200 / 16 + 2)
  })

  it("shows one's own at once, and once", async () => {
    const { open, server, time } = device()
    const danmu = roomOf(await open({ spaces: [live] })).lane('danmu')
    const look = looked(danmu)
    await time.run(500)
    const { item, accepted } = danmu.say({ text: 'hello' })
    await time.run(20)
    expect(look.batches).toMatchObject([{ items: [{ by: 'alice', body: { text: 'hello' } }], late: false }])
    const end = errorOf(accepted)
    await time.run(2500)
    expect(await end).toBeUndefined()
    expect(server.lanes.ticks(live, 'danmu').flatMap(({ items }) => items.map(({ id }) => id))).toEqual([item.id])
    expect(look.ids()).toEqual([item.id])
  })

  it('holds what is said against its schema before anything is shown', async () => {
    const { open, time } = device()
    const danmu = roomOf(await open({ spaces: [live] })).lane('danmu')
    const look = looked(danmu)
    expect(() => danmu.say({ txt: 'x' } as never)).toThrow(InvalidError)
    await time.run(500)
    expect(look.batches).toEqual([])
  })

  it('writes nothing down, whatever is said and shown', async () => {
    const { open, server, time, storage } = device()
    const danmu = roomOf(await open({ spaces: [live] })).lane('danmu')
    const look = looked(danmu)
    // What opening leaves to be swept is swept.
    await time.run(10_000)
    const writes: unknown[] = []
    const end = storage.onChange((changed) => void writes.push(changed))
    for (let n = 0; n < 20; n++) {
      void danmu.say({ text: `${n}` })
      server.lanes.say(live, 'danmu', 'bob', { text: 'x' })
      await time.run(500)
    }
    await time.run(2000)
    end()
    expect(look.ids()).toHaveLength(40)
    expect(writes).toEqual([])
  })

  it('goes on where it was after a connection that broke, and shows nothing twice', async () => {
    const { open, server, time } = device()
    const look = looked(roomOf(await open({ spaces: [live] })).lane('danmu'))
    await time.run(300)
    const ticked: string[] = []
    for (let n = 0; n < 12; n++) {
      server.lanes.tick(live, 'danmu', [item(`t${n}`)])
      ticked.push(`t${n}`)
      if (n === 6) server.cut()
      await time.run(1000)
    }
    await time.run(20_000)
    expect(look.ids().sort()).toEqual(ticked.sort())
    const hello = server.heard.filter((frame) => frame.t === 'hello').at(-1)
    const sixth = server.lanes.ticks(live, 'danmu')[5]?.tick ?? 0
    expect(hello).toMatchObject({ lanes: { [live]: { danmu: expect.any(Number) } } })
    expect(hello?.lanes?.[live]?.danmu).toBeGreaterThanOrEqual(sixth)
  })

  it('states a lane again until it is answered', async () => {
    const { open, server, time } = device()
    const tab = await open({ spaces: [live] })
    await time.run(3000)
    server.faults = { ...server.faults, loseUp: 1 }
    const look = looked(roomOf(tab).lane('danmu'))
    await time.run(1000)
    server.faults = { ...server.faults, loseUp: 0 }
    await time.run(60_000)
    server.lanes.tick(live, 'danmu', [item('late')])
    await time.run(200)
    expect(look.ids()).toEqual(['late'])
  })

  it('is stated again where its space was denied and is asked for once more', async () => {
    const { open, server, time } = device()
    const look = looked(roomOf(await open({ spaces: [live] })).lane('danmu'))
    await time.run(500)
    server.deny(live, { code: 'unavailable', message: 'not now', retryable: true })
    await time.run(200)
    server.deny(live, undefined)
    await time.run(30_000)
    server.lanes.tick(live, 'danmu', [item('back')])
    await time.run(200)
    expect(look.ids()).toEqual(['back'])
  })

  it('ends with its space, and with its replica', async () => {
    const { open, time } = device()
    const tab = await open({ spaces: [live] })
    const room = roomOf(tab)
    const looks = [looked(room.lane('danmu')), looked(roomOf(tab).lane('danmu'))]
    await time.run(200)
    room.close()
    expect(looks.map(({ done }) => done)).toEqual([true, false])
    await tab.replica.close()
    expect(looks.map(({ done }) => done)).toEqual([true, true])
    expect(looked(room.lane('danmu')).done).toBe(true)
  })
})

describe('say', () => {
  it('goes over HTTP where nothing is connected, under the same id until one gets through', async () => {
    const { open, server, time } = device()
    const danmu = roomOf(await open({ spaces: [live] })).lane('danmu')
    await time.run(3000)
    server.reachable = false
    server.cut()
    await time.run(100)
    const { item, accepted } = danmu.say({ text: 'through' })
    const end = errorOf(accepted)
    await time.run(3000)
    server.reachable = true
    await time.run(SAY_WITHIN_MS)
    expect(await end).toBeUndefined()
    expect(server.lanes.taken.map(({ id }) => id)).toEqual([item.id])
  })

  it('is taken once, also where the answers are lost', async () => {
    const { open, server, time } = device()
    const danmu = roomOf(await open({ spaces: [live] })).lane('danmu')
    const look = looked(danmu)
    await time.run(3000)
    server.faults = { ...server.faults, http: 0.5, lose: 0.5, repeat: 0.3 }
    const said = Array.from({ length: 20 }, (_, n) => danmu.say({ text: `${n}` }))
    await time.run(SAY_WITHIN_MS + 1000)
    server.faults = { ...server.faults, http: 0, lose: 0, repeat: 0 }
    await time.run(3000)
    const taken = server.lanes.taken.map(({ id }) => id)
    expect(new Set(taken).size).toBe(taken.length)
    expect(look.ids()).toHaveLength(20)
    for (const { item, accepted } of said) if (!(await errorOf(accepted))) expect(taken).toContain(item.id)
  })

  it('gives up after ten seconds, and keeps nothing for later', async () => {
    const { open, server, time } = device()
    const danmu = roomOf(await open({ spaces: [live] })).lane('danmu')
    await time.run(3000)
    server.reachable = false
    server.cut()
    await time.run(100)
    const end = errorOf(danmu.say({ text: 'lost' }).accepted)
    await time.run(SAY_WITHIN_MS + 100)
    expect((await end)?.code).toBe('unavailable')
    server.reachable = true
    await time.run(60_000)
    expect(server.lanes.taken).toEqual([])
  })

  it('says at once what cannot be helped, and waits where the server asks for it', async () => {
    const { open, server, time } = device()
    const danmu = roomOf(await open({ spaces: [live] })).lane('danmu')
    await time.run(3000)
    server.lanes.refuses = () => ({ code: 'forbidden', message: 'blocked until tomorrow' })
    const blocked = errorOf(danmu.say({ text: 'x' }).accepted)
    await time.run(200)
    expect((await blocked)?.code).toBe('forbidden')
    let refusals = 0
    server.lanes.refuses = () =>
      refusals++ === 0 ? { code: 'rate-limited', message: 'slowly', retryable: true, afterMs: 2500 } : undefined
    const slowed = errorOf(danmu.say({ text: 'y' }).accepted)
    await time.run(2000)
    expect(server.lanes.taken).toEqual([])
    await time.run(1000)
    expect(await slowed).toBeUndefined()
    server.lanes.refuses = () => ({ code: 'rate-limited', message: 'slowly', retryable: true, afterMs: 60_000 })
    const refused = errorOf(danmu.say({ text: 'z' }).accepted)
    await time.run(200)
    expect(await refused).toMatchObject({ code: 'rate-limited', afterMs: 60_000 })
  })

  it('has a bound for what is under way', async () => {
    const { open, time } = device()
    const danmu = roomOf(await open({ spaces: [live] })).lane('danmu')
    const ends = Array.from({ length: SAYS_UNDER_WAY_MAX + 1 }, (_, n) => errorOf(danmu.say({ text: `${n}` }).accepted))
    await time.run(3000)
    const codes = (await Promise.all(ends)).map((error) => error?.code)
    expect(codes.filter((code) => code === 'rate-limited')).toHaveLength(1)
    expect(codes.at(-1)).toBe('rate-limited')
  })

  it('sends nothing while the app has paused it', async () => {
    const { open, server, time } = device()
    const tab = await open({ spaces: [live] })
    const danmu = roomOf(tab).lane('danmu')
    await time.run(3000)
    tab.replica.pause()
    const end = errorOf(danmu.say({ text: 'x' }).accepted)
    await time.run(SAY_WITHIN_MS + 100)
    expect((await end)?.code).toBe('unavailable')
    expect(server.lanes.taken).toEqual([])
  })
})

describe('lanes of several tabs', () => {
  it('come by the tab that is connected, with the ring for each that comes later, and each says what it has to say', async () => {
    const d = device()
    const [first, second] = [await d.open({ spaces: [live] }), await d.open({ spaces: [live] })]
    const danmu = roomOf(second as Tab).lane('danmu')
    const look = looked(danmu)
    await d.time.run(500)
    d.server.lanes.tick(live, 'danmu', [item('a')])
    await d.time.run(1000)
    const { item: own, accepted } = danmu.say({ text: 'from a tab that is not connected' })
    const end = errorOf(accepted)
    await d.time.run(2500)
    expect(await end).toBeUndefined()
    expect(look.ids()).toEqual(['a', own.id])
    const late = looked(roomOf(first as Tab).lane('danmu'))
    await d.time.run(500)
    expect(late.ids()).toEqual(['a', own.id])
    expect(look.ids()).toEqual(['a', own.id])
    expect(d.sockets()).toBe(1)
    look.end()
    late.end()
    await d.time.run(LANE_KEPT_MS + 500)
    expect(d.server.heard.at(-1)).toMatchObject({ t: 'unfollow', lanes: { [live]: ['danmu'] } })
  })

  it('go on with another tab where the one that was connected dies, from the tick at which it stopped', async () => {
    const d = device()
    const [first, second] = [await d.open({ spaces: [live] }), await d.open({ spaces: [live] })]
    const look = looked(roomOf(second as Tab).lane('danmu'))
    await d.time.run(500)
    d.server.lanes.tick(live, 'danmu', [item('a')])
    await d.time.run(1000)
    await first?.die()
    d.server.lanes.tick(live, 'danmu', [item('missed')])
    await d.time.run(20_000)
    const { tick } = d.server.lanes.ticks(live, 'danmu')[0] ?? { tick: 0 }
    const stated = d.server.heard.flatMap((frame) =>
      'lanes' in frame && frame.lanes && !Array.isArray(frame.lanes[live]) ? [frame.lanes[live]] : [],
    )
    expect(stated.at(-1)).toEqual({ danmu: tick })
    d.server.lanes.tick(live, 'danmu', [item('b')])
    await d.time.run(500)
    expect(look.ids()).toEqual(['a', 'missed', 'b'])
  })
})

describe('presence$', () => {
  it('tells who is there, once that is known', async () => {
    const { open, server, time } = device()
    const told: unknown[] = []
    const subscription = roomOf(await open({ spaces: [live] })).presence$.subscribe((present) => told.push(present))
    await time.run(500)
    const count = (online: number) =>
      server.lanes.tick(live, 'presence', [{ id: `p${online}`, by: '', atMs: 0, body: { online, users: ['alice'] } }])
    count(1)
    await time.run(1000)
    count(2)
    await time.run(500)
    expect(told).toEqual([undefined, { online: 1, users: ['alice'] }, { online: 2, users: ['alice'] }])
    subscription.unsubscribe()
    await time.run(LANE_KEPT_MS + 500)
    expect(server.heard.at(-1)).toMatchObject({ t: 'unfollow', lanes: { [live]: ['presence'] } })
  })
})

describe('the types of a space', () => {
  it('have the lanes of its kind, and presence where the kind tells it', () => {
    const Note = v.object({ text: v.string() })
    const app = defineApp({
      version: '1',
      spaces: {
        live: space({ lanes: { danmu: lane(Note) }, presence: 'count' }),
        room: space({ collections: { notes: collection(Note) } }),
      },
    }) satisfies App
    const typed = (live: Space<typeof app, 'live'>, room: Space<typeof app, 'room'>) => {
      const said = live.lane('danmu').say({ text: 'x' })
      const text: string = said.item.body.text
      live.presence$.subscribe((present) => present?.online.toFixed())
      // @ts-expect-error there is no such lane
      live.lane('danmo')
      // @ts-expect-error it has another field
      live.lane('danmu').say({ txt: 'x' })
      // @ts-expect-error the kind has no lanes
      room.lane('danmu')
      // @ts-expect-error the kind does not tell it
      void room.presence$
      return text
    }
    expect(typed).toBeTypeOf('function')
  })
})
