// Histories about compacted runs and pages; the goal and method of all cases stand in index.test.ts.
import { describe, expect, it } from 'vitest'
import { BIG } from './case-app.ts'
import { expectSound } from './end-state.ts'
import { ScriptedWorld } from './scripted-world.ts'

const ROOM = 'room:1'
const big = { text: BIG }

/** Notes of one page each, one commit each. */
async function putBig(world: ScriptedWorld, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await world.put(ROOM, 'notes', id, big)
}

/** A new device, whose connection ends when it has taken one page. */
async function openForOnePage(world: ScriptedWorld) {
  world.isReachable = false
  const alice = await world.open('alice')
  world.isReachable = true
  const rest = alice.line.hold('down', ({ t, from }) => t === 'range' && from > 0)
  await world.until('the second page is on its way', () => rest.kept.length > 0)
  world.isReachable = false
  alice.line.cut()
  rest.drop()
  await world.settle()
  return alice
}

describe('compacted runs and pages', () => {
  it('partial run looks whole: a live range does not stand on the seal of a run [C2]', async () => {
    const world = new ScriptedWorld()
    await putBig(world, 'x', 'y')
    await world.patch(ROOM, 'notes', 'x', { stars: 1 })
    const bob = await world.open('bob')
    await world.patch(ROOM, 'notes', 'x', { stars: 2 })
    const live = bob.line.seen('down', 'range').at(-1)
    expect(live).toMatchObject({ from: 3, to: 4, changes: [{ set: { stars: 2 } }] })
    await world.trim(ROOM, 2)

    // y at 2 comes first, x at 4 second; a live range (2,3] with a `set` for x would fit the number of the first page.
    const alice = await openForOnePage(world)
    expect(alice.copy()).toMatchObject({ version: 2, whole: false })
    expect(alice.copy()?.seal).toContain('~')
    expect(alice.notes).toEqual(['y'])
    const pages = alice.line.hold('down', ({ t }) => t === 'range')
    world.isReachable = true
    await world.until('the next page is on its way', () => pages.kept.length > 0)
    expect(pages.kept[0]?.body).toMatchObject({ from: 2, compacted: true, changes: [{ id: 'x', put: { stars: 2 } }] })
    pages.release()
    await expectSound(world, alice, bob)
    expect(resetsAt(alice)).toEqual([])
  })

  it('partial run looks whole: a copy inside a run drops a live range that fits its number [C2]', async () => {
    const world = new ScriptedWorld()
    await putBig(world, 'x', 'y')
    const bob = await world.open('bob')
    await world.patch(ROOM, 'notes', 'x', { stars: 1 })
    const live = bob.line.seen('down', 'range').at(-1)
    expect(live).toMatchObject({ from: 2, to: 3, changes: [{ id: 'x', set: { stars: 1 } }] })
    await world.trim(ROOM, 3)

    const alice = await openForOnePage(world)
    const rest = alice.line.hold('down', ({ t, space }) => t === 'range' && space === ROOM)
    world.isReachable = true
    await world.until('the next page is on its way', () => rest.kept.length > 0)
    alice.line.inject(live)
    await world.settle()
    expect(alice.copy()).toMatchObject({ version: 2, whole: false })
    rest.release()
    await expectSound(world, alice, bob)
    expect(alice.notes).toEqual(['x', 'y'])
  })

  it('fresh copy of a trimmed space: pages whose log and seals are gone follow each other to the head, without a reset [C2]', async () => {
    const world = new ScriptedWorld()
    await putBig(world, 'n1', 'n2', 'n3', 'n4', 'n5', 'n6')
    await world.trim(ROOM, 5, 5)
    const alice = await world.open('alice')
    await expectSound(world, alice)
    expect(alice.line.seen('down', 'range').map(({ from, to }) => [from, to])).toEqual([0, 1, 2, 3, 4, 5].map((n) => [n, n + 1]))
    expect(resetsAt(alice)).toEqual([])
  })

  it('run judged by the horizon: a copy that comes back in mid-run, below the horizon, goes on where it was [N1]', async () => {
    const world = new ScriptedWorld()
    await putBig(world, 'n1', 'n2', 'n3', 'n4', 'n5', 'n6')
    await world.trim(ROOM, 5, 5)
    const alice = await openForOnePage(world)
    expect(alice.copy()).toMatchObject({ version: 1, whole: false })
    world.isReachable = true
    await expectSound(world, alice)
    expect(resetsAt(alice)).toEqual([])
    expect(alice.line.seen('down', 'range').map(({ from }) => from)).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('deletion between pages: what a run brought and somebody deleted since does not stay alive [C2]', async () => {
    const world = new ScriptedWorld()
    await putBig(world, 'x', 'y')
    await world.trim(ROOM)
    const alice = await openForOnePage(world)
    expect(alice.notes).toEqual(['x'])
    await world.delete(ROOM, 'notes', 'x')
    await world.trim(ROOM)
    world.isReachable = true
    await expectSound(world, alice)
    expect(alice.notes).toEqual(['y'])
    expect(resetsAt(alice)).toEqual([])
  })

  it('deletion between pages: where the deletion is kept no more, the run begins again [C2]', async () => {
    const world = new ScriptedWorld()
    await putBig(world, 'x', 'y')
    await world.trim(ROOM)
    const alice = await openForOnePage(world)
    await world.delete(ROOM, 'notes', 'x')
    await world.trim(ROOM, 3, 3)
    world.isReachable = true
    await expectSound(world, alice)
    expect(alice.notes).toEqual(['y'])
    expect(resetsAt(alice)).toEqual(['horizon'])
  })

  it('restore in mid-run: a page of a head that the server lost is not finished with pages of another [N1]', async () => {
    const world = new ScriptedWorld()
    await putBig(world, 'x', 'y')
    await world.trim(ROOM)
    const backup = world.changelog.snapshot()
    await world.patch(ROOM, 'notes', 'x', { stars: 1 })
    await world.patch(ROOM, 'notes', 'y', { stars: 1 })
    await world.trim(ROOM)
    // x of the head 4; the next page would bring y.
    const alice = await openForOnePage(world)
    expect(alice.copy()).toMatchObject({ version: 3, whole: false })
    world.restoreAndRestart(backup)
    await world.put(ROOM, 'notes', 'z', { text: 'after the restore' })
    world.isReachable = true
    await expectSound(world, alice)
    expect(alice.shown()).toEqual({ 'notes x': big, 'notes y': big, 'notes z': { text: 'after the restore' } })
    expect(resetsAt(alice)).toEqual(['history'])
  })

  it('restore in mid-run: nor with pages of a server that is behind the head of the page before [N1]', async () => {
    const world = new ScriptedWorld()
    await putBig(world, 'x', 'y')
    await world.trim(ROOM)
    await world.patch(ROOM, 'notes', 'x', { stars: 1 })
    const behind = world.changelog.snapshot()
    await world.patch(ROOM, 'notes', 'y', { stars: 1 })
    await world.trim(ROOM)
    const alice = await openForOnePage(world)
    expect(alice.copy()).toMatchObject({ version: 3, whole: false })
    // It is at 3, as the copy is; but the copy's page was read at 4, and leaves out y, which changed at 4.
    world.restoreAndRestart(behind)
    world.isReachable = true
    await expectSound(world, alice)
    expect(alice.notes).toEqual(['x', 'y'])
  })

  it('page smaller than a commit: a pull below the head covers at least one whole commit [§4]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await (alice.space(ROOM).mutate as { many(args: { count: number }): Promise<unknown> }).many({ count: 20 })
    await world.settle()
    await world.put(ROOM, 'notes', 'last', { text: 'last' })
    await expectSound(world, alice)
    const pages: [from: number, to: number, changes: number][] = []
    for (let at = { to: 0, seal: '00000000', head: 1 }; at.to < at.head; ) {
      const page = await world.pull('alice', ROOM, at.to, at.seal, 7)
      pages.push([page.from, page.to, page.changes.length])
      if (pages.length > 2) break
      at = page
    }
    expect(pages).toEqual([
      [0, 1, 20],
      [1, 2, 1],
    ])
  })
})

function resetsAt({ line }: Awaited<ReturnType<ScriptedWorld['open']>>): string[] {
  return line.seen('down', 'range').flatMap(({ reset }) => reset ?? [])
}
