// Histories about who may see what; the goal and method of all cases stand in index.test.ts.
//
// Rules over documents (`doc.members`) are not built yet. The view that stands in for one is that of drafts, which their makers alone
// read: a draft that is deleted and made again by somebody else has left the sight of the one and come into that of the other.
import { describe, expect, it } from 'vitest'
import { BIG } from './case-app.ts'
import { expectSound } from './end-state.ts'
import { ScriptedWorld } from './scripted-world.ts'

const DESK = 'desk:1'
const draft = (text: string) => ({ text })

/** A world in which drafts are read by their makers alone. */
function worldOfMakers(): ScriptedWorld {
  const world = new ScriptedWorld()
  world.killServer()
  world.startServer({ drafts: 'creator' })
  return world
}

/** A draft changes hands. */
async function hand(world: ScriptedWorld, id: string, to: string, text = `of ${to}`): Promise<void> {
  await world.delete(DESK, 'drafts', id)
  await world.put(DESK, 'drafts', id, draft(text), to)
}

describe('rights', () => {
  it('laundered rights: what was read under an old right goes when the right does, though nothing else changed [N1]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice', { spaces: [DESK] })
    await world.put(DESK, 'drafts', 'b1', draft('1'), 'bob')
    await world.put(DESK, 'drafts', 'a2', draft('2'), 'alice')
    expect(Object.keys(alice.shown(DESK))).toEqual(['drafts a2', 'drafts b1'])
    world.killServer()
    world.startServer({ drafts: 'creator' })
    await world.put(DESK, 'drafts', 'a3', draft('3'), 'alice')
    await expectSound(world, alice)
    expect(Object.keys(alice.shown(DESK))).toEqual(['drafts a2', 'drafts a3'])
  })

  it('laundered rights: a range under the new right does not stand on a copy under the old one [R2]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice', { spaces: [DESK] })
    await world.put(DESK, 'drafts', 'b1', draft('1'), 'bob')
    await world.put(DESK, 'drafts', 'a2', draft('2'), 'alice')
    // Her other device has met the new rules already.
    const other = await world.open('alice', { spaces: [DESK], server: world.startAnother({ drafts: 'creator' }) })
    const range = other.line.seen('down', 'range').at(-1)
    expect(range).toMatchObject({ to: 2 })
    const next = { ...range, from: 2, on: range.seal, to: 3, head: 3, seal: range.seal.replace(/^.{8}/, '00000003'), changes: [] }
    alice.line.inject(next)
    await world.settle()
    expect(alice.copy(DESK)?.version).toBe(2)
    other.crash()
    world.killServer()
    world.startServer({ drafts: 'creator' })
    await expectSound(world, alice)
    expect(Object.keys(alice.shown(DESK))).toEqual(['drafts a2'])
  })

  it('into and out of sight: what leaves goes as a deletion, what comes is a whole document, live and after a while away [C4]', async () => {
    const world = worldOfMakers()
    const alice = await world.open('alice', { spaces: [DESK] })
    const bob = await world.open('bob', { spaces: [DESK] })
    await world.put(DESK, 'drafts', 'x', draft('of alice'), 'alice')
    await world.put(DESK, 'drafts', 'y', draft('of bob'), 'bob')
    await hand(world, 'x', 'bob')
    expect([Object.keys(alice.shown(DESK)), Object.keys(bob.shown(DESK))]).toEqual([[], ['drafts x', 'drafts y']])
    // A change of what she does not see is a hole for her.
    await world.patch(DESK, 'drafts', 'y', { stars: 1 })
    await hand(world, 'y', 'alice')
    await world.patch(DESK, 'drafts', 'y', { stars: 2 })
    await expectSound(world, alice, bob)
    expect(alice.shown(DESK)).toEqual({ 'drafts y': { text: 'of alice', stars: 2 } })

    world.isReachable = false
    for (const { line } of [alice, bob]) line.cut()
    await hand(world, 'x', 'alice')
    await hand(world, 'y', 'bob')
    await world.patch(DESK, 'drafts', 'y', { stars: 3 })
    world.isReachable = true
    await expectSound(world, alice, bob)
    expect([Object.keys(alice.shown(DESK)), Object.keys(bob.shown(DESK))]).toEqual([['drafts x'], ['drafts y']])
  })

  it('into and out of sight: where the log of it is gone, the copy begins anew instead of keeping what it may not [C4]', async () => {
    const world = worldOfMakers()
    const alice = await world.open('alice', { spaces: [DESK] })
    await world.put(DESK, 'drafts', 'x', draft('of alice'), 'alice')
    await world.put(DESK, 'drafts', 'z', draft('of alice'), 'alice')
    world.isReachable = false
    alice.line.cut()
    await hand(world, 'x', 'bob')
    await world.trim(DESK)
    const before = alice.line.passed.length
    world.isReachable = true
    await expectSound(world, alice)
    expect(alice.line.seen('down', 'range', before)[0]).toMatchObject({ reset: 'horizon', from: 0 })
    expect(Object.keys(alice.shown(DESK))).toEqual(['drafts z'])
    expect(JSON.stringify(alice.line.passed)).not.toContain('of bob')
  })

  it('out of sight between pages: what a page of a run brought, and somebody took away since, is a deletion in a later one [C4]', async () => {
    const world = worldOfMakers()
    await world.put(DESK, 'drafts', 'x', draft(BIG), 'alice')
    await world.put(DESK, 'drafts', 'y', draft(BIG), 'alice')
    await world.trim(DESK)
    world.isReachable = false
    const alice = await world.open('alice', { spaces: [DESK] })
    world.isReachable = true
    const rest = alice.line.hold('down', ({ t, from }) => t === 'range' && from > 0)
    await world.until('the second page is on its way', () => rest.kept.length > 0)
    world.isReachable = false
    alice.line.cut()
    rest.drop()
    expect(Object.keys(alice.shown(DESK))).toEqual(['drafts x'])
    await hand(world, 'x', 'bob')
    world.isReachable = true
    await expectSound(world, alice)
    expect(Object.keys(alice.shown(DESK))).toEqual(['drafts y'])
    expect(JSON.stringify(alice.line.passed)).not.toContain('of bob')
  })

  it('wiped by a bug: an access rule that throws for everybody stops the flow, and empties no device [B8]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const bob = await world.open('bob')
    await alice.say('one')
    world.access = () => {
      throw new Error('a bug in the rule')
    }
    await alice.say('two')
    await world.put('room:1', 'notes', 'n', { text: 'n' })
    await world.pass(60_000)
    bob.line.cut()
    await world.pass(60_000)
    expect([...alice.line.seen('down', 'denied'), ...bob.line.seen('down', 'denied')].length).toBeGreaterThan(0)
    expect(alice.said).toEqual(['one', 'two'])
    expect(bob.said).toEqual(['one'])
    expect((await alice.replica.audit()).refused).toBe(0)
    world.access = () => 'write'
    await expectSound(world, alice, bob)
    expect(bob.said).toEqual(['one', 'two'])
  })
})
