// Histories about the sum of a beat; the goal and method of all cases stand in index.test.ts.
import type { BeatPolicy } from '@tidemark/client'
import { describe, expect, it } from 'vitest'
import { expectSound } from './end-state.ts'
import { ScriptedWorld } from './scripted-world.ts'

const note = (text: string) => ({ text })
const EVERY_SECOND: BeatPolicy = {
  intervalMs: 1000,
  promisedS: 60,
  timeoutMs: 10_000,
}

describe('one number for all spaces', () => {
  it('sums that cancel: one number too high and one too low make another sum, for each bears its seal [B1]', async () => {
    const world = new ScriptedWorld()
    const other = world.startAnother()
    // Two tabs on one disk, at two gateways: no hint of one reaches the other.
    const first = await world.open('alice', { spaces: ['room:1', 'room:2'] })
    const second = await world.open('alice', { spaces: ['room:2'], disk: first.disk.reopen(), server: other })
    await world.put('room:1', 'notes', 'a1', note('1'))
    await world.put('room:2', 'notes', 'b1', note('1'))
    await world.pass(6000)

    const lost = first.line.hold('down', ({ t }) => t === 'range')
    await world.put('room:1', 'notes', 'a2', note('2'))
    lost.drop()
    await other.sync.commit('room:2', (tx) =>
      (tx as never as Record<string, { put(id: string, doc: object): unknown }>).notes?.put('b2', note('2')),
    )
    await world.pass(20)
    // Gateway: A=2 B=1. Copies: A=1 B=2.
    expect([first.copy('room:1')?.version, first.copy('room:2')?.version]).toEqual([1, 2])
    await first.beat()
    expect(first.copy('room:1')?.version).toBe(2)
    await expectSound(world, first, second)
  })

  it('follow that got lost: a followed space without a commit adds to the sum, too [B1]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice', { spaces: ['room:1', 'room:2'] })
    expect(alice.copy('room:2')?.version).toBe(0)
    // The gateway ends the follow, and its word is lost; the right comes back before anybody asks.
    const lost = alice.line.hold('down', ({ t }) => t === 'denied')
    world.access = (_, space) => (space === 'room:2' ? 'none' : 'write')
    await world.until('the follow has ended', () => lost.kept.length === 1)
    lost.drop()
    world.access = () => 'write'

    const before = alice.line.passed.length
    await alice.beat()
    expect(alice.line.seen('up', 'follow', before).map(({ spaces }) => Object.keys(spaces))).toEqual([['room:1', 'room:2']])
    await world.put('room:2', 'notes', 'b1', note('1'))
    expect(alice.copy('room:2')?.version).toBe(1)
    await expectSound(world, alice)
  })

  it('follow that got lost: one that never arrived is found by the next beat [B1]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const lost = alice.line.hold('up', ({ t }) => t === 'follow')
    alice.space('room:2')
    await world.settle()
    expect(lost.kept).toHaveLength(1)
    lost.drop()
    await alice.beat()
    await world.put('room:2', 'notes', 'b1', note('1'))
    expect(alice.copy('room:2')?.version).toBe(1)
    await expectSound(world, alice)
  })

  it('alarm without cause: a busy space is never doubted, for the sum comes down after what it counts [B1]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice', { beat: EVERY_SECOND })
    world.latencyMs = 50
    const before = alice.line.passed.length
    for (let n = 1; n <= 200; n++) {
      void world.put('room:1', 'notes', `n${n % 10}`, note(`${n}`))
      await world.pass(50)
    }
    expect(alice.line.seen('down', 'beat', before).length).toBeGreaterThanOrEqual(9)
    expect(alice.line.seen('up', 'follow', before)).toEqual([])

    // And it does find what is swallowed, with the next beat.
    const lost = alice.line.hold('down', ({ t }) => t === 'range')
    await world.put('room:1', 'notes', 'last', note('last'))
    await world.pass(100)
    lost.drop()
    await world.pass(1200)
    expect(alice.line.seen('up', 'follow', before)).toHaveLength(1)
    expect(alice.notes).toContain('last')
    await expectSound(world, alice)
  })

  it('beat overtakes a follow: a beat is answered after the follow before it, however long the backend takes for that [B1]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await world.put('room:1', 'notes', 'a1', note('1'))
    let decide = () => {}
    const decided = new Promise<'write'>((resolve) => {
      decide = () => resolve('write')
    })
    world.access = (_, space) => (space === 'room:2' ? decided : 'write')
    const before = alice.line.passed.length
    alice.space('room:2')
    await world.settle()
    await alice.beat()
    expect(alice.line.seen('up', undefined, before).map(({ t }) => t)).toEqual(['follow', 'beat'])
    expect(alice.line.seen('down', undefined, before)).toEqual([])
    decide()
    await world.settle()
    expect(alice.line.seen('down', undefined, before).map(({ t }) => t)).toEqual(['heads', 'range', 'beat'])
    expect(alice.line.seen('up', 'follow', before)).toHaveLength(1)
    await expectSound(world, alice)
  })
})
