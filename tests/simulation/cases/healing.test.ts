// Histories about restored servers and copied devices; the goal and method of all cases stand in index.test.ts.
import { describe, expect, it } from 'vitest'
import { TABOO } from './case-app.ts'
import { expectSound, saidOnServer } from './end-state.ts'
import { ScriptedWorld } from './scripted-world.ts'

describe('healing', () => {
  it('ordinary restored phone: what was pending in the backup keeps its name, and is not done twice [M5]', async () => {
    const world = new ScriptedWorld()
    const phone = await world.open('alice')
    world.isReachable = false
    phone.line.cut()
    await phone.say('one')
    const backup = phone.disk.clone()
    await phone.say('two')
    world.isReachable = true
    await expectSound(world, phone)
    phone.crash()

    const restored = await world.open('alice', { disk: backup })
    await restored.say('three')
    await expectSound(world, restored)
    expect(await saidOnServer(world)).toEqual(['one', 'two', 'three'])
  })

  it('ordinary restored phone: what is made there before it meets the server is neither lost nor taken for what it had made [M5]', async () => {
    const world = new ScriptedWorld()
    const phone = await world.open('alice')
    world.isReachable = false
    phone.line.cut()
    await phone.say('one')
    const backup = phone.disk.clone()
    await phone.say('two')
    world.isReachable = true
    await expectSound(world, phone)
    phone.crash()

    world.isReachable = false
    const restored = await world.open('alice', { disk: backup })
    await restored.say('three')
    await restored.say('four')
    world.isReachable = true
    await expectSound(world, restored)
    expect(await saidOnServer(world)).toEqual(['one', 'two', 'three', 'four'])
  })

  it('copied device, foreign origin: a commit of the copy with our number is not taken for ours [C1]', async () => {
    const world = new ScriptedWorld()
    const original = await world.open('alice')
    const copy = await world.open('alice', { disk: original.disk.clone() })
    const held = copy.line.hold('up', ({ t }) => t === 'mutate')
    await copy.say('of the copy')
    await original.say('of the original')
    // It came with the number that the copy's own has, too: that one is still shown, on top, and still pending.
    expect(copy.said).toEqual(['of the original', 'of the copy'])
    expect((await copy.replica.audit()).pending).toBe(1)
    held.release()
    await expectSound(world, original, copy)
    expect(await saidOnServer(world)).toEqual(['of the original', 'of the copy'])
    await original.say('more of the original')
    await copy.say('more of the copy')
    await expectSound(world, original, copy)
  })

  it('forgetful server, idle client: what the server lost is offered again by a device that has nothing pending [M5]', async () => {
    const world = new ScriptedWorld()
    const before = world.changelog.snapshot()
    const alice = await world.open('alice')
    await alice.say('one')
    expect(await alice.replica.audit()).toMatchObject({ confirmed: 1, pending: 0 })
    const told = alice.historyResets()
    world.restoreAndRestart(before)
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['one'])
    expect(told).toEqual([{ kept: 0, offeredAgain: 1, lost: 0 }])
  })

  it('forgetful server, idle client: also where others have overtaken what was lost [M5]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const bob = await world.open('bob')
    await bob.say('zero')
    const before = world.changelog.snapshot()
    await alice.say('one')
    await alice.say('two')
    const told = { alice: alice.historyResets(), bob: bob.historyResets() }
    alice.line.liveAt = () => undefined
    world.restoreAndRestart(before)
    for (const text of ['three', 'four', 'five']) await bob.say(text)
    await expectSound(world, bob).catch(() => {})
    expect(await saidOnServer(world)).toEqual(['zero', 'three', 'four', 'five'])
    alice.line.liveAt = () => world.server
    await expectSound(world, alice, bob)
    expect(await saidOnServer(world)).toEqual(['zero', 'three', 'four', 'five', 'one', 'two'])
    expect(told.alice).toEqual([{ kept: 0, offeredAgain: 2, lost: 0 }])
    // What he typed while it was away had never been settled.
    expect(told.bob).toEqual([{ kept: 3, offeredAgain: 0, lost: 0 }])
  })

  it('forgetful server, idle client: though its copy had not come to what the server lost, and stands where it was set back to [M5]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await alice.say('one')
    const backup = world.changelog.snapshot()
    // The ack comes, its range does not, and the connection lives on.
    const lost = alice.line.hold('down', ({ t }) => t === 'range')
    await alice.say('two')
    expect(await alice.replica.audit()).toMatchObject({ confirmed: 2, pending: 0 })
    lost.drop()
    world.restore(backup)
    // Until the gateway has checked itself, everything seems to be right.
    await world.pass(6000)
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['one', 'two'])
    expect(alice.line.seen('up', 'hello')).toHaveLength(1)
  })

  it('forgetful server, idle client: though it holds no copy, because its right was gone for a while [M5]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await alice.say('one')
    const backup = world.changelog.snapshot()
    await alice.say('two')
    world.access = () => 'none'
    await world.until('the copy is gone', () => alice.copy() === undefined)
    world.restore(backup)
    world.access = () => 'write'
    alice.leave('room:1')
    alice.space('room:1')
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['one', 'two'])
  })

  it('refused number in the tail: what was refused is offered as void, so that what follows it finds its place [M5]', async () => {
    const world = new ScriptedWorld()
    const before = world.changelog.snapshot()
    const alice = await world.open('alice')
    await alice.say(`${TABOO} one`)
    await alice.say('two')
    await expectSound(world, alice)
    const { clientId } = alice.replica
    world.restoreAndRestart(before)
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['two'])
    expect(alice.refusedTexts).toEqual([`${TABOO} one`])
    // Under the same numbers: nothing had to move.
    expect(alice.replica.clientId).toBe(clientId)
    await alice.say('three')
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['two', 'three'])
  })

  it('former client id: a device that took a new id offers what it had made under the old one, too [M5]', async () => {
    const world = new ScriptedWorld()
    const before = world.changelog.snapshot()
    const original = await world.open('alice')
    await original.say('zero')
    const copy = await world.open('alice', { disk: original.disk.clone() })
    const former = copy.replica.clientId
    await original.say('of the original')
    await copy.say('of the copy')
    await expectSound(world, original, copy)

    original.line.liveAt = () => undefined
    world.restoreAndRestart(before)
    await world.until('the copy has offered everything', async () => (await saidOnServer(world)).length === 2)
    expect(await saidOnServer(world)).toEqual(['zero', 'of the copy'])
    const offeredBy = copy.line.seen('up', 'mutate').map(({ client }) => client)
    expect(new Set(offeredBy).size).toBe(2)
    expect(offeredBy).toContain(former)
    original.line.liveAt = () => world.server
    await expectSound(world, original, copy)
    expect(await saidOnServer(world)).toEqual(['zero', 'of the copy', 'of the original'])
  })

  it('expected the very last: a server that lost only the last one, while the connection lives, gets it before the next [M5]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    for (const text of ['one', 'two', 'three', 'four']) await alice.say(text)
    const backup = world.changelog.snapshot()
    await alice.say('five')
    world.restore(backup)
    await alice.say('six')
    // The answer alone is enough: no beat, no reset, no connection of its own.
    expect(await saidOnServer(world)).toEqual(['one', 'two', 'three', 'four', 'five', 'six'])
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['one', 'two', 'three', 'four', 'five', 'six'])
  })
})
