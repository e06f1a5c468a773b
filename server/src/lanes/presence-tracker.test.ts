import { describe, expect, it } from 'vitest'
import { FakeBus } from '../../test/fake-backend.ts'
import { VirtualClock } from '../../test/virtual-clock.ts'
import type { Ticked } from '../bus/bus.ts'
import { PresenceTracker } from './presence-tracker.ts'

const SPACE = 'live:1'

function world() {
  const [clock, bus] = [new VirtualClock(), new FakeBus()]
  const told: { atMs: number; tick: number; body: unknown }[] = []
  bus.subscribe((hint) => {
    const { items, tick } = JSON.parse((hint as Ticked).frame)
    told.push({ atMs: clock.monotonicMs(), tick, body: items[0].body })
  })
  const presence = new PresenceTracker({ clock, bus, optionOf: (space) => (space.startsWith('live:') ? 'count' : undefined) })
  const enter = (user: string, tenant = 'default') => presence.enter(tenant, SPACE, user)
  const leave = (user: string, lingerMs = 0) => presence.leave('default', SPACE, user, lingerMs)
  return { clock, presence, told, enter, leave }
}

describe('the tracker of who is there', () => {
  it('[L6] 10,000 who come within 10 s, and go within the next 10 s, cost one frame a second', async () => {
    const { clock, told, enter, leave } = world()
    for (const step of [enter, leave])
      for (let ms = 0; ms < 10_000; ms += 100) {
        for (let at = 0; at < 100; at++) step(`u${ms}-${at}`)
        await clock.pass(100)
      }
    await clock.pass(1000)
    expect(told.length).toBeLessThanOrEqual(21)
    for (const [at, { atMs }] of told.entries()) if (at > 0) expect(atMs - (told[at - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(1000)
    expect(Math.max(...told.map(({ body }) => (body as { online: number }).online))).toBe(10_000)
    expect(told.at(-1)?.body).toEqual({ online: 0 })
  })

  it('[L6] one who comes and goes all the time costs no more than a frame a second either, and leaves no timer', async () => {
    const { clock, told, enter, leave } = world()
    for (let ms = 0; ms < 5000; ms += 10) {
      enter('ann')
      leave('ann')
      await clock.pass(10)
    }
    await clock.pass(2000)
    expect(told.length).toBeLessThanOrEqual(7)
    expect(clock.timers).toBe(0)
  })

  it('numbers only grow, also where the clock goes back', async () => {
    const { clock, told, enter } = world()
    enter('ann')
    const nowMs = clock.nowMs.bind(clock)
    clock.nowMs = () => nowMs() - 3_600_000
    for (const user of ['bob', 'carol']) {
      await clock.pass(1000)
      enter(user)
    }
    expect(told.map(({ tick }) => tick - (told[0]?.tick ?? 0))).toEqual([0, 1, 2])
  })

  it('its ring is the last tick, where that is newer than the one stated', () => {
    const { presence, told, enter } = world()
    expect(JSON.parse(presence.ring('default', SPACE, 0)?.text ?? '')).toEqual({
      space: SPACE,
      lane: 'presence',
      tickMs: 1000,
      cap: 1,
      ticks: [],
    })
    enter('ann')
    const tick = told[0]?.tick ?? 0
    expect(presence.ring('default', SPACE, tick - 1)).toMatchObject({ newest: tick, frames: [expect.any(String), expect.any(String)] })
    expect(JSON.parse(presence.ring('default', SPACE, tick - 1)?.text ?? '').ticks).toMatchObject([
      { tick, items: [{ body: { online: 1 } }] },
    ])
    expect(presence.ring('default', SPACE, tick)?.frames).toHaveLength(1)
    expect(presence.ring('other', SPACE, 0)?.frames).toHaveLength(1)
    expect(presence.ring('default', 'room:1', 0)).toBeUndefined()
    expect(presence.enter('default', 'room:1', 'ann')).toBe(false)
  })

  it('who comes back while they linger is not counted anew, and goes after their last time', async () => {
    const { clock, told, enter, leave } = world()
    enter('bob')
    enter('ann')
    await clock.pass(1000)
    for (let poll = 0; poll < 3; poll++) {
      leave('ann', 10_000)
      await clock.pass(9000)
      enter('ann')
    }
    leave('ann', 10_000)
    await clock.pass(9999)
    expect(told.map(({ body }) => body)).toEqual([{ online: 1 }, { online: 2 }])
    await clock.pass(1)
    expect(told.at(-1)?.body).toEqual({ online: 1 })
  })

  it('tells nothing any more once it is stopped', async () => {
    const { clock, presence, told, enter } = world()
    enter('ann')
    enter('bob')
    presence.stop()
    await clock.pass(5000)
    expect([told.length, clock.timers]).toEqual([1, 0])
  })
})
