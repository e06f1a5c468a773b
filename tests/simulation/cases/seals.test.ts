// Histories about numbers and seals; the goal and method of all cases stand in index.test.ts.
import { describe, expect, it } from 'vitest'
import { BIG } from './case-app.ts'
import { expectSound } from './end-state.ts'
import { ScriptedWorld } from './scripted-world.ts'

const ROOM = 'room:1'
const note = (text: string) => ({ text })

describe('numbers and seals', () => {
  it('laundered seal: a gateway that lived through a restore gives nobody a range that stands on the lost history [R2]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await world.put(ROOM, 'notes', 'a1', note('1'))
    const backup = world.changelog.snapshot()
    await world.put(ROOM, 'notes', 'a2', note('2'))
    expect(alice.copy()?.version).toBe(2)

    world.restore(backup)
    await world.put(ROOM, 'notes', 'b3', note('3'))
    await world.put(ROOM, 'notes', 'b4', note('4'))
    // The gateway was last at 2, and its reader, too: what follows their 2 is not what follows the server's.
    expect(alice.copy()?.version).toBe(3)
    expect(alice.notes).toEqual(['a1', 'b3', 'b4'])
    await expectSound(world, alice)
  })

  it('laundered seal: a copy takes no range that stands on another seal, though the number fits [R2]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await world.put(ROOM, 'notes', 'a1', note('1'))
    const backup = world.changelog.snapshot()
    await world.put(ROOM, 'notes', 'a2', note('2'))
    const { line } = alice
    const kept = line.hold('down')
    world.restore(backup)
    await world.put(ROOM, 'notes', 'b3', note('3'))
    const bob = await world.open('bob')
    await world.put(ROOM, 'notes', 'b4', note('4'))
    kept.drop()

    const range = bob.line.seen('down', 'range').find(({ from, to }) => from === 2 && to === 3)
    const before = line.passed.length
    line.inject(range)
    await world.settle()
    // It is dropped, and the number is stated again [R4].
    expect(line.seen('up', 'follow', before)).toHaveLength(1)
    expect(alice.notes).not.toEqual(['a1', 'a2', 'b4'])
    await expectSound(world, alice, bob)
  })

  it('laundered seal: in an idle space a reader who came back after a restore does not hide one who stayed [B6]', async () => {
    const world = new ScriptedWorld()
    const empty = world.changelog.snapshot()
    const alice = await world.open('alice')
    const bob = await world.open('bob')
    await world.put(ROOM, 'notes', 'a1', note('1'))
    world.restore(empty)
    alice.line.cut()
    await world.until('alice is back, and reset', () => alice.copy()?.version === 0)
    expect(bob.notes).toEqual(['a1'])
    await expectSound(world, alice, bob)
    expect(bob.notes).toEqual([])
  })

  it('late answer of a dead history: neither a reset nor a range of before moves a copy that has gone over to the new one [R1]', async () => {
    const world = new ScriptedWorld()
    const first = await world.open('alice')
    const second = await world.open('alice', { disk: first.disk.reopen() })
    await world.put(ROOM, 'notes', 'a1', note('1'))
    const backup = world.changelog.snapshot()
    await world.put(ROOM, 'notes', 'a2', note('2'))

    // The first tab is told that it is behind, and pulls; its answer is a reset that refutes a2.
    const held = second.line.hold('down', ({ t }) => t === 'range')
    const answer = first.line.hold('answer')
    world.restore(backup)
    await world.put(ROOM, 'notes', 'b2', note('2'))
    first.line.bufferedBytes = 2 ** 21
    await world.put(ROOM, 'notes', 'b3', note('3'))
    first.line.bufferedBytes = 0
    expect(answer.kept.map(({ body }) => [body.reset, body.to])).toEqual([['history', 3]])
    await world.put(ROOM, 'notes', 'b4', note('4'))
    // The second tab's connection brings the same copy to the end of the new history.
    held.release()
    await world.settle()
    expect(second.copy()?.version).toBe(4)

    const heights: (number | undefined)[] = []
    const end = second.disk.onChange(() => heights.push(second.copy()?.version))
    answer.release()
    await world.settle()
    end()
    expect(heights.filter((version) => version !== 4)).toEqual([])
    await expectSound(world, first, second)
    expect(first.notes).toEqual(['a1', 'b2', 'b3', 'b4'])
  })

  it('late answer of a dead history: a range that ends at our number under another seal is no repeat, but found out at once [R3]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await world.put(ROOM, 'notes', 'a1', note('1'))
    const backup = world.changelog.snapshot()
    await world.put(ROOM, 'notes', 'a2', note('2'))
    world.restore(backup)
    await world.put(ROOM, 'notes', 'b2', note('2'))
    // Through a gateway that remembers nothing.
    const bob = await world.open('bob', { server: world.startAnother() })
    const evidence = bob.line.seen('down', 'range').at(-1)
    expect(evidence).toMatchObject({ to: 2, seal: (await world.head(ROOM)).seal })
    expect(alice.notes).toEqual(['a1', 'a2'])
    alice.line.inject(evidence)
    // No beat, and no timer: the range alone is enough.
    await world.settle()
    expect(alice.notes).toEqual(['a1', 'b2'])
    await expectSound(world, alice, bob)
  })

  it('ask storm: a copy that lost a range states its number once, however many ranges come until it is answered [R4]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await world.put(ROOM, 'notes', 'n0', note('0'))
    world.latencyMs = 50
    const lost = alice.line.hold('down', ({ t, to }) => t === 'range' && to === 2)
    const before = alice.line.passed.length
    for (let n = 1; n <= 100; n++) {
      void world.put(ROOM, 'notes', `n${n}`, note(`${n}`))
      await world.pass(10)
    }
    lost.drop()
    await world.pass(500)
    const dropped = alice.line.seen('down', 'range', before).filter(({ to }) => to > 2).length
    expect(dropped).toBeGreaterThan(80)
    expect(alice.line.seen('up', 'follow', before)).toHaveLength(1)
    expect(alice.line.seen('request', undefined, before)).toEqual([])
    await expectSound(world, alice)
  })

  it('stale gateway says reset: a copy that is ahead of what a gateway knows is not taken for one of another history [N1] [B3]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    for (let n = 1; n <= 8; n++) await world.put(ROOM, 'notes', `n${n}`, note(`${n}`))
    // Another gateway serves bob up to 8; no hint reaches it any more.
    const other = world.startAnother()
    const bob = await world.open('bob', { server: other })
    for (let n = 9; n <= 10; n++) await world.put(ROOM, 'notes', `n${n}`, note(`${n}`))
    expect([alice.copy()?.version, bob.copy()?.version]).toEqual([10, 8])

    const before = alice.line.passed.length
    alice.line.liveAt = () => other
    alice.line.cut()
    await world.until('alice is with the other gateway', () => alice.line.seen('down', 'welcome', before).length > 0)
    await world.settle()
    expect(alice.line.seen('down', 'range', before)).toEqual([expect.objectContaining({ from: 10, to: 10, changes: [] })])
    await expectSound(world, alice, bob)
  })

  it('crash inside a paged reset: what was shown stays whole until the new copy is [R6]', async () => {
    const world = new ScriptedWorld()
    const empty = world.changelog.snapshot()
    const alice = await world.open('alice')
    await world.put(ROOM, 'notes', 'old1', note('1'))
    await world.put(ROOM, 'notes', 'old2', note('2'))
    const rest = alice.line.hold('down', ({ t, reset }) => t === 'range' && !reset)
    world.restoreAndRestart(empty)
    for (const id of ['new1', 'new2', 'new3']) await world.put(ROOM, 'notes', id, note(BIG))
    await world.until('the first page is here', () => rest.kept.length === 2)
    alice.crash()

    world.isReachable = false
    const again = await world.open('alice', { disk: alice.disk.reopen() })
    expect(again.notes).toEqual(['old1', 'old2'])
    expect(again.status.spaces[ROOM]).toMatchObject({ partial: true })
    world.isReachable = true
    await expectSound(world, again)
    expect(again.notes).toEqual(['new1', 'new2', 'new3'])
    // The page that had come was not asked for twice.
    expect(again.line.seen('down', 'range').map(({ from, reset }) => [from, reset])).toEqual([
      [1, undefined],
      [2, undefined],
    ])
  })
})
