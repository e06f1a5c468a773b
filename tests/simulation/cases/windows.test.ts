// Histories about windows and pages of older documents; the goal and method of all cases stand in index.test.ts.
import { describe, expect, it } from 'vitest'
import { BIG } from './case-app.ts'
import { expectSound } from './end-state.ts'
import { ScriptedWorld } from './scripted-world.ts'
import type { Tab } from './tab.ts'

const ROOM = 'room:1'
const line = (text: string) => ({ text })
const linesOf = (tab: Tab) =>
  Object.fromEntries(
    Object.entries(tab.shown()).flatMap(([key, doc]) => (key.startsWith('lines ') ? [[key.slice(6), (doc as { text: string }).text]] : [])),
  )
const older = (tab: Tab) => tab.space(ROOM).lines.older({ limit: 1 })

async function putLines(world: ScriptedWorld, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await world.put(ROOM, 'lines', id, line(id))
}

describe('windows', () => {
  it('resurrection by an older page: what was deleted while the page was on its way stays deleted [W2]', async () => {
    const world = new ScriptedWorld()
    await putLines(world, 'x', 'y', 'z')
    const alice = await world.open('alice')
    expect(linesOf(alice)).toEqual({ y: 'y', z: 'z' })
    const answer = alice.line.hold('answer')
    const page = older(alice)
    await world.settle()
    expect(answer.kept[0]?.body.docs).toMatchObject([{ id: 'x' }])
    await world.delete(ROOM, 'lines', 'x')
    expect(alice.copy()?.version).toBe(4)
    answer.release()
    await world.until('the page is taken', () => alice.copy()?.floors.lines === 0)
    expect(await page).toEqual({ added: 0, more: false })
    expect(linesOf(alice)).toEqual({ y: 'y', z: 'z' })
    await expectSound(world, alice)
  })

  it('stale by a floor: a catch-up of a copy that paged back cuts no window again [W1]', async () => {
    const world = new ScriptedWorld()
    await putLines(world, 'x', 'y', 'z')
    const alice = await world.open('alice')
    await older(alice)
    expect(linesOf(alice)).toEqual({ x: 'x', y: 'y', z: 'z' })
    world.isReachable = false
    alice.line.cut()
    await world.put(ROOM, 'lines', 'x', line('changed'))
    await putLines(world, 'v', 'w')
    // The log is gone: what alice lacks comes compacted, from where she stands.
    await world.trim(ROOM)
    const before = alice.line.passed.length
    world.isReachable = true
    await expectSound(world, alice)
    expect(alice.line.seen('down', 'range', before)[0]).toMatchObject({ from: 3, compacted: true })
    expect(linesOf(alice)).toEqual({ v: 'v', w: 'w', x: 'changed', y: 'y', z: 'z' })
  })

  it('floor that moves in a run: what a page brought and somebody changed since comes again in a later one [W1]', async () => {
    const world = new ScriptedWorld()
    await putLines(world, 'old')
    await world.put(ROOM, 'lines', 'y', line(BIG))
    await world.put(ROOM, 'lines', 'z', line(BIG))
    await world.trim(ROOM)
    world.isReachable = false
    const alice = await world.open('alice')
    world.isReachable = true
    const rest = alice.line.hold('down', ({ t, from }) => t === 'range' && from > 0)
    await world.until('the second page is on its way', () => rest.kept.length > 0)
    world.isReachable = false
    alice.line.cut()
    rest.drop()
    expect(Object.keys(linesOf(alice))).toEqual(['y'])

    await world.put(ROOM, 'lines', 'y', line('changed'))
    // Two newer ones: a floor of this head would stand above y.
    await putLines(world, 'v', 'w')
    await world.trim(ROOM)
    world.isReachable = true
    await expectSound(world, alice)
    expect(linesOf(alice)).toEqual({ v: 'v', w: 'w', y: 'changed', z: BIG })
    while ((await older(alice)).more);
    await expectSound(world, alice)
    expect(linesOf(alice)).toEqual({ old: 'old', v: 'v', w: 'w', y: 'changed', z: BIG })
  })

  it('older page from a lagging node: a page that was read before what the copy has is asked for again [W2]', async () => {
    const world = new ScriptedWorld()
    await putLines(world, 'x', 'y', 'z')
    const lagging = world.startAnother({}, world.changelogOf(world.changelog.snapshot()))
    const alice = await world.open('alice')
    await world.delete(ROOM, 'lines', 'x')
    expect(alice.copy()?.version).toBe(4)

    const primary = alice.line.requestsAt
    alice.line.requestsAt = (path) => (path.includes('/older') ? lagging : primary(path))
    const page = older(alice)
    await world.settle()
    expect(alice.line.seen('answer')[0]).toMatchObject({ head: 3, docs: [{ id: 'x' }] })
    expect(linesOf(alice)).toEqual({ y: 'y', z: 'z' })
    alice.line.requestsAt = primary
    await world.until('the page is asked for again and taken', () => alice.copy()?.floors.lines === 0)
    expect(await page).toEqual({ added: 0, more: false })
    expect(linesOf(alice)).toEqual({ y: 'y', z: 'z' })
    await expectSound(world, alice)
  })
})
