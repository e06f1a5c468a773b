// Goal: a server that forgot, a device that was copied or set back: nothing that somebody wrote is lost, and nothing is done twice [M5].
// Method: real server and real client in one process; backups of either end are put back when the script says so.
import type { HistoryReset } from '@tidemark/client'
import { describe, expect, it } from 'vitest'
import { TABOO } from '../simulation/cases/case-app.ts'
import { expectSound, saidOnServer } from '../simulation/cases/end-state.ts'
import { ScriptedWorld } from '../simulation/cases/scripted-world.ts'
import type { Tab } from '../simulation/cases/tab.ts'

/** What the app of this tab is told, from now on. */
function tellsOf(tab: Tab): HistoryReset[] {
  const tells: HistoryReset[] = []
  tab.replica.historyReset$.subscribe((reset) => tells.push(reset))
  return tells
}
const sayAll = async (tab: Tab, ...texts: readonly string[]) => {
  for (const text of texts) await tab.say(text)
}
/** Frames that it sent, of this kind. */
const sent = (tab: Tab) => tab.line.seen('up', 'mutate')

describe('a server that forgot', () => {
  for (const way of ['restoreAndRestart', 'restore'] as const)
    it(`[M5] (${way}) gets back what this device still holds, in its order, and the app is told how many`, async () => {
      const world = new ScriptedWorld()
      const alice = await world.open('alice')
      await sayAll(alice, 'one', 'two')
      const backup = world.changelog.snapshot()
      await sayAll(alice, 'three', 'four', 'five')
      const tells = tellsOf(alice)
      world[way](backup)
      await world.pass(120_000)
      await expectSound(world, alice)
      expect(await saidOnServer(world)).toEqual(['one', 'two', 'three', 'four', 'five'])
      expect(tells).toEqual([{ kept: 0, offeredAgain: 3, lost: 0 }])
    })

  it('[M5] whoever listens is told once each, and nobody who comes later', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await sayAll(alice, 'one', 'two')
    const backup = world.changelog.snapshot()
    await alice.say('three')
    const [first, second] = [tellsOf(alice), tellsOf(alice)]
    world.restoreAndRestart(backup)
    await world.pass(120_000)
    const told = [{ kept: 0, offeredAgain: 1, lost: 0 }]
    expect([first, second, tellsOf(alice)]).toEqual([told, told, []])
    await alice.replica.close()
    const again = await world.open('alice', { disk: alice.disk.reopen() })
    await world.pass(1000)
    expect(tellsOf(again)).toEqual([])
  })

  it('[M5] forgetful server, idle client: a client with nothing pending and no copy of the space offers what was lost', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const backup = world.changelog.snapshot()
    await alice.say('one')
    await alice.replica.close()
    world.restoreAndRestart(backup)
    const again = await world.open('alice', { disk: alice.disk.reopen(), spaces: [] })
    await world.pass(1000)
    expect(await saidOnServer(world)).toEqual(['one'])
    expect(await again.replica.audit()).toMatchObject({ created: 1, confirmed: 1 })
  })

  it('[M5] refused number in the tail: what was refused is offered as void, and stays refused', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const backup = world.changelog.snapshot()
    await sayAll(alice, `${TABOO} one`, 'two', `${TABOO} three`)
    world.restoreAndRestart(backup)
    await world.pass(60_000)
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['two'])
    expect(alice.refusedTexts).toEqual([`${TABOO} one`, `${TABOO} three`])
    expect(await alice.replica.audit()).toEqual({ created: 3, confirmed: 1, refused: 2, pending: 0, discarded: 0 })
  })

  it('[M5] expected the very last: the one that was lost is the last one settled, the connection lives, and more is written', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await sayAll(alice, 'one', 'two', 'three', 'four')
    const backup = world.changelog.snapshot()
    await alice.say('five')
    world.restore(backup)
    await alice.say('six')
    await expectSound(world, alice)
    expect(await saidOnServer(world)).toEqual(['one', 'two', 'three', 'four', 'five', 'six'])
  })

  it('[M5] what it still has is not sent again, and costs one mutation to find out', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const bob = await world.open('bob')
    await sayAll(alice, 'one', 'two', 'three')
    const backup = world.changelog.snapshot()
    await bob.say('lost, and bob is gone')
    await bob.replica.close()
    world.tabs.splice(1, 1)
    world.typed.pop()
    const before = sent(alice).length
    const tells = tellsOf(alice)
    world.restoreAndRestart(backup)
    await world.pass(60_000)
    await expectSound(world, alice)
    expect(
      sent(alice)
        .slice(before)
        .map(({ mutations }) => mutations.map(({ n }: { n: number }) => n)),
    ).toEqual([[3]])
    expect(tells).toEqual([{ kept: 0, offeredAgain: 0, lost: 0 }])
  })

  it('[M5] is told once, also after a reload, and what was never confirmed counts as kept', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await alice.say('one')
    const backup = world.changelog.snapshot()
    await alice.say('two')
    alice.replica.pause()
    await alice.say('three')
    world.restoreAndRestart(backup)
    const answers = alice.line.hold('down', ({ t }) => t === 'ack')
    alice.replica.resume()
    await world.pass(5000)
    answers.release()
    await world.pass(20_000)
    alice.crash()
    const again = await world.open('alice', { disk: alice.disk.reopen() })
    expect(tellsOf(again)).toEqual([{ kept: 1, offeredAgain: 1, lost: 0 }])
    await world.pass(1000)
    await again.replica.close()
    world.tabs.length = 0
    const later = await world.open('alice', { disk: alice.disk.reopen() })
    expect(tellsOf(later)).toEqual([])
    await expectSound(world, later)
    expect(await saidOnServer(world)).toEqual(['one', 'two', 'three'])
  })

  it('[M5] a crash at any moment between the reset and the offering loses nothing', async () => {
    for (const ms of [0, 1, 5, 10, 20, 40, 80, 160, 320]) {
      const world = new ScriptedWorld()
      world.latencyMs = 15
      const alice = await world.open('alice')
      await world.pass(1000)
      const backup = world.changelog.snapshot()
      await sayAll(alice, 'one', 'two', 'three')
      await world.pass(1000)
      alice.crash()
      world.restoreAndRestart(backup)
      const second = await world.open('alice', { disk: alice.disk.reopen() })
      await world.pass(ms)
      second.crash()
      const third = await world.open('alice', { disk: alice.disk.reopen() })
      await world.pass(30_000)
      await expectSound(world, third)
      expect(await saidOnServer(world), `after ${ms} ms`).toEqual(['one', 'two', 'three'])
    }
  })

  it('[M5] two tabs heal it once', async () => {
    const world = new ScriptedWorld()
    world.latencyMs = 10
    const first = await world.open('alice')
    const second = await world.open('alice', { disk: first.disk.reopen() })
    await world.pass(1000)
    const backup = world.changelog.snapshot()
    await sayAll(first, 'one', 'two')
    await sayAll(second, 'three')
    await world.pass(1000)
    world.restore(backup)
    await Promise.all([first.say('four'), second.say('five')])
    await expectSound(world, first, second)
    expect((await saidOnServer(world)).slice(0, 3)).toEqual(['one', 'two', 'three'])
  })

  it('[M6] a tail of a thousand goes back in its order, and what it does not reach goes on under a new client id and is counted', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const empty = world.changelog.snapshot()
    const { clientId } = alice.replica
    const texts = Array.from({ length: 1100 }, (_, at) => `text ${at}`)
    alice.replica.pause()
    const room = alice.space('room:1').mutate as never as { put(args: object): Promise<unknown> }
    for (const id of texts) await room.put({ c: 'notes', id: id.replace(' ', '-'), doc: { text: id } })
    alice.replica.resume()
    await world.until('all is sent', async () => (await alice.replica.audit()).pending === 0)
    const tells = tellsOf(alice)
    world.restoreAndRestart(empty)
    await world.pass(120_000)
    await expectSound(world, alice)
    expect(tells).toEqual([{ kept: 0, offeredAgain: 1000, lost: 100 }])
    expect(alice.notes.length).toBe(1000)
    expect(alice.replica.clientId).not.toBe(clientId)
    await alice.say('it goes on')
    await expectSound(world, alice)
  })
})

describe('a device that was copied or set back', () => {
  it('[M5] ordinary restored phone: what is pending again is done once, and what is new goes on under another id', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    alice.replica.pause()
    await alice.say('one')
    const backup = alice.disk.clone()
    alice.replica.resume()
    await alice.say('two')
    await expectSound(world, alice)
    alice.crash()
    const restored = await world.open('alice', { disk: backup })
    await restored.say('three')
    await expectSound(world, restored)
    expect(await saidOnServer(world)).toEqual(['one', 'two', 'three'])
    expect(restored.replica.clientId).not.toBe(alice.replica.clientId)
  })

  it('[M5] copied device: both go on, each thing once', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await alice.say('before')
    alice.replica.pause()
    await alice.say('of both')
    const copy = await world.open('alice', { disk: alice.disk.clone() })
    await sayAll(alice, 'a1', 'a2')
    await sayAll(copy, 'c1')
    alice.replica.resume()
    await sayAll(alice, 'a3')
    await sayAll(copy, 'c2')
    await expectSound(world, alice, copy)
    expect([...(await saidOnServer(world))].sort()).toEqual(['a1', 'a2', 'a3', 'before', 'c1', 'c2', 'of both'])
    expect((await saidOnServer(world)).filter((text) => text.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
  })

  it('[M5] set back to before it moved to another id, it moves to the same again, and nothing is done twice', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await alice.say('before')
    const copy = await world.open('alice', { disk: alice.disk.clone() })
    alice.replica.pause()
    await sayAll(alice, 'a1', 'a2')
    const backup = alice.disk.clone()
    await copy.say('c1')
    alice.replica.resume()
    await sayAll(alice, 'a3')
    await expectSound(world, alice, copy)
    alice.crash()
    const restored = await world.open('alice', { disk: backup })
    await restored.say('a4')
    await expectSound(world, restored, copy)
    expect((await saidOnServer(world)).filter((text) => text.startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4'].sort())
  })

  it('[M5] a promise is kept over a move: it resolves once the server has done it under the other id', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const copy = await world.open('alice', { disk: alice.disk.clone() })
    alice.replica.pause()
    const say = (alice.space('room:1').mutate as never as { say(args: object): Promise<{ confirmed: Promise<void> }> }).say
    const fine = await say({ text: 'fine' })
    const refused = await say({ text: `${TABOO}!` })
    world.typed.push('fine', `${TABOO}!`)
    await copy.say('c1')
    const ends: string[] = []
    const track = (end: Promise<void>) =>
      end.then(
        () => void ends.push('fine'),
        (error) => void ends.push(error.code),
      )
    const all = Promise.all([track(fine.confirmed), track(refused.confirmed)])
    alice.replica.resume()
    await expectSound(world, alice, copy)
    await all
    expect(ends).toEqual(['fine', 'rejected'])
  })

  it('[M5] former client id: a device that moved heals what it had settled under the former one', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const empty = world.changelog.snapshot()
    await sayAll(alice, 'one', 'two')
    const copy = await world.open('alice', { disk: alice.disk.clone() })
    await copy.say('c1')
    await alice.say('a1')
    await expectSound(world, alice, copy)
    await alice.replica.close()
    await copy.replica.close()
    world.tabs.length = 0
    world.restoreAndRestart(empty)
    const again = await world.open('alice', { disk: alice.disk.reopen() })
    await world.pass(60_000)
    expect(await saidOnServer(world)).toEqual(['one', 'two', 'a1'])
    const other = await world.open('alice', { disk: copy.disk.reopen() })
    await expectSound(world, again, other)
    expect([...(await saidOnServer(world))].sort()).toEqual(['a1', 'c1', 'one', 'two'])
  })

  it('[M5] a restored server whose numbers another device has taken since: everything from where they part goes on under a new id', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    await alice.say('one')
    const copy = await world.open('alice', { disk: alice.disk.clone() })
    copy.replica.pause()
    const backup = world.changelog.snapshot()
    await sayAll(alice, 'two', 'three', 'four')
    alice.replica.pause()
    world.restoreAndRestart(backup)
    copy.replica.resume()
    await sayAll(copy, 'c2', 'c3', 'c4', 'c5')
    const tells = tellsOf(alice)
    alice.replica.resume()
    await expectSound(world, alice, copy)
    expect(await saidOnServer(world)).toEqual(['one', 'c2', 'c3', 'c4', 'c5', 'two', 'three', 'four'])
    expect(tells).toEqual([{ kept: 0, offeredAgain: 3, lost: 0 }])
  })
})
