// Goal: what an app takes back while it is pending is not done, unless the server had done it before, and either way both ends agree (docs/decisions/031).
// Method: real server and real client in one process; the script decides what arrives, and puts backups of either end in place.
import type { Pending } from '@tidemark/client'
import { describe, expect, it } from 'vitest'
import { expectSound, saidOnServer } from '../simulation/cases/end-state.ts'
import { ScriptedWorld } from '../simulation/cases/scripted-world.ts'
import type { Tab } from '../simulation/cases/tab.ts'

const pendingOf = ({ replica }: Tab): readonly Pending[] => {
  let told: readonly Pending[] = []
  replica.pending$.subscribe((pending) => {
    told = pending
  })
  return told
}
async function takeBack(world: ScriptedWorld, tab: Tab, text: string): Promise<void> {
  await pendingOf(tab)
    .find(({ args }) => args.text === text)
    ?.dismiss()
  await world.settle()
}
/** It is neither done nor kept. */
const forget = ({ typed }: ScriptedWorld, text: string) => void typed.splice(typed.indexOf(text), 1)
async function sayAll(tab: Tab, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await tab.say(text)
}

describe('a mutation that is taken back', () => {
  it('before it was sent is not done; those around it are, and its number is used up', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    world.isReachable = false
    alice.line.cut()
    await sayAll(alice, 'one', 'two', 'three')
    await takeBack(world, alice, 'two')
    expect(alice.said).toEqual(['one', 'three'])
    world.isReachable = true
    await world.pass(60_000)
    forget(world, 'two')
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['one', 'three'])
    await alice.say('four')
    expect(await saidOnServer(world)).toEqual(['one', 'three', 'four'])
    expect(await alice.replica.audit()).toEqual({ created: 4, confirmed: 3, refused: 0, pending: 0, discarded: 1 })
  })

  it('while its ack is on the way, or lost, turns out to be confirmed', async () => {
    for (const end of ['release', 'drop'] as const) {
      const world = new ScriptedWorld()
      const alice = await world.open('alice')
      const acks = alice.line.hold('down', ({ t }) => t === 'ack')
      await alice.say('one')
      await takeBack(world, alice, 'one')
      expect(await alice.replica.audit()).toMatchObject({ confirmed: 0, pending: 0, discarded: 1 })
      acks[end]()
      if (end === 'drop') alice.line.cut()
      await world.pass(60_000)
      await expectSound(world, alice)
      expect(await saidOnServer(world)).toEqual(['one'])
      expect(await alice.replica.audit()).toEqual({ created: 1, confirmed: 1, refused: 0, pending: 0, discarded: 0 })
    }
  })

  it('while a batch with it is lost on its way is not done', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const batches = alice.line.hold('up', ({ t }) => t === 'mutate')
    await sayAll(alice, 'one', 'two')
    await takeBack(world, alice, 'one')
    batches.drop()
    alice.line.cut()
    await world.pass(60_000)
    forget(world, 'one')
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['two'])
  })

  it('[M5] stays away when a restored server has forgotten it, and what was done anyway comes back', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await alice.say('zero')
    const backup = world.changelog.snapshot()
    const acks = alice.line.hold('down', ({ t }) => t === 'ack')
    await alice.say('done anyway')
    await takeBack(world, alice, 'done anyway')
    acks.drop()
    world.isReachable = false
    alice.line.cut()
    await sayAll(alice, 'not done', 'last')
    await takeBack(world, alice, 'not done')
    world.isReachable = true
    await world.pass(60_000)
    forget(world, 'not done')
    await expectSound(world, alice)
    const before = await alice.replica.audit()
    expect(before).toEqual({ created: 4, confirmed: 3, refused: 0, pending: 0, discarded: 1 })
    world.restoreAndRestart(backup)
    await world.pass(120_000)
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['zero', 'done anyway', 'last'])
    expect(await alice.replica.audit()).toEqual(before)
  })

  it('[M5] on one of two copies of a device is done, or kept by the other as refused: whichever comes first', async () => {
    for (const first of ['the one that took it back', 'the other'] as const) {
      const world = new ScriptedWorld()
      const copy = await world.open('alice')
      world.isReachable = false
      copy.line.cut()
      await copy.say('one')
      const twin = await world.open('alice', { disk: copy.disk.clone() })
      await takeBack(world, copy, 'one')
      const [goes, waits] = first === 'the other' ? [twin, copy] : [copy, twin]
      waits.line.liveAt = () => undefined
      waits.line.requestsAt = () => undefined
      world.isReachable = true
      await world.pass(60_000)
      await goes.replica.settled()
      waits.line.liveAt = () => world.server
      waits.line.requestsAt = () => world.server
      await world.pass(60_000)
      await expectSound(world, copy, twin)
      expect(await saidOnServer(world)).toEqual(first === 'the other' ? ['one'] : [])
      expect(twin.refusedTexts).toEqual(first === 'the other' ? [] : ['one'])
      expect(await copy.replica.audit()).toMatchObject(
        first === 'the other' ? { created: 1, confirmed: 1, discarded: 0 } : { created: 1, confirmed: 0, discarded: 1 },
      )
    }
  })
})
