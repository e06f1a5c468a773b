// Goal: of the tabs of one device one is connected, every tab shows and can do the same, and whatever becomes of the one that leads,
// another goes on where it stopped.
// Method: real replicas on one storage in memory, over a server of numbers alone, in virtual time; each tab can be frozen or die.
import { afterEach, describe, expect, it } from 'vitest'
import { fixedBeat } from '../connection/beat-policy.ts'
import { openCore } from '../replica/model/open-core.ts'
import type { Refused } from '../replica-api.ts'
import { message } from '../testing/ranges.ts'
import { type Tab, type TabDevice, tabDevice } from '../testing/tab-device.ts'
import { TAB_GONE_AFTER_MS } from './tabs.ts'

const room = 'room:1'

const devices: TabDevice[] = []
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close()
})

function device(seed = 1): TabDevice {
  const device = tabDevice(() => new Promise((resolve) => setImmediate(resolve)), seed)
  devices.push(device)
  return device
}

describe('tabs', () => {
  it('one is connected, and all show the same', async () => {
    const { open, server, time, sockets } = device()
    server.commit(room)
    const tabs = [await open(), await open(), await open()]
    await time.run(3000)
    expect(sockets()).toBe(1)
    expect(server.connections).toBe(1)
    for (const { status } of tabs)
      expect(status()).toMatchObject({ phase: 'live', beatS: 30, spaces: { [room]: { version: 1, head: 1, partial: false } } })
    expect(tabs[2]?.status()).toEqual(tabs[0]?.status())
  })

  it('words that are none of ours, such as those of another build, change nothing', async () => {
    const d = device()
    const leader = await d.open()
    const follower = await d.open()
    const stranger = d.shared.tab((work) => work()).ports.open(() => {})
    for (const word of [
      '',
      'null',
      '{"t":"lead"}',
      '{"t":"lead","number":99,"hidden":false}',
      '{"t":"lead","number":"x","report":{}}',
      '{"t":"?"}',
    ])
      stranger.post(word)
    await d.time.run(100)
    expect([leader.sockets(), follower.sockets()]).toEqual([1, 0])
    expect([leader.status().phase, follower.status().phase]).toEqual(['live', 'live'])
  })

  it('what is written in any of them is sent by the one that leads, and each hears how it ended', async () => {
    const { open, server, time } = device()
    const [, second] = [await open(), await open()]
    await time.run(3000)
    const sent = second?.room.mutate.send({ id: 'm1', text: 'hi' })
    await time.run(1000)
    await (await sent)?.confirmed
    expect(server.done).toEqual([1])
    expect(server.connections).toBe(1)
  })

  it('the leader follows what any tab holds, and what a tab that is gone held no longer', async () => {
    const { open, server, time } = device()
    const first = await open()
    const second = await open({ spaces: ['room:2'] })
    await time.run(3000)
    server.commit('room:2')
    await time.run(1000)
    expect(second.status().spaces).toMatchObject({ 'room:2': { version: 1 } })
    expect(Object.keys(second.status().spaces)).toEqual(['room:2'])
    expect(Object.keys(first.status().spaces)).toEqual([room])
    await second.replica.close()
    await time.run(1000)
    expect(server.heard.at(-1)).toEqual({ t: 'unfollow', spaces: ['room:2'] })
    const third = await open({ spaces: ['room:3'] })
    await time.run(1000)
    const followed = () => server.heard.flatMap((frame) => (frame.t === 'follow' ? Object.keys(frame.spaces) : [])).slice(-1)
    expect(followed()).toEqual(['room:3'])
    third.freeze()
    // It leaves with the next beat at the latest.
    await time.run(TAB_GONE_AFTER_MS + fixedBeat.intervalMs)
    expect(server.heard.filter(({ t }) => t === 'unfollow').at(-1)).toEqual({ t: 'unfollow', spaces: ['room:3'] })
    server.heard.length = 0
    third.thaw()
    await time.run(10_000)
    expect(followed()).toEqual(['room:3'])
  })

  for (const how of ['closed', 'killed', 'left', 'offline by its own switch'])
    it(`a leader that is ${how}: another is live within 2 s`, async () => {
      const { open, server, time } = device()
      const first = await open()
      const second = await open()
      await time.run(3000)
      if (how === 'closed') void first.replica.close()
      else if (how === 'killed') await first.die()
      else if (how === 'left') first.life('hide')
      else first.replica.pause()
      server.commit(room)
      await time.run(2000)
      expect(second.status()).toMatchObject({ phase: 'live', spaces: { [room]: { version: 1 } } })
      expect(second.sockets()).toBe(1)
      expect(server.connections).toBe(2)
      if (how === 'left') first.life('show')
      else if (how.startsWith('offline')) {
        expect(first.status()).toMatchObject({ phase: 'offline', pauses: ['app'], spaces: { [room]: { version: 1 } } })
        first.replica.resume()
      } else return
      await time.run(2000)
      expect(first.status()).toEqual(second.status())
      expect(server.connections).toBe(2)
    })

  it('a leader that is frozen without a word: a tab in front takes over within 10 s, and the one that thaws follows', async () => {
    const { open, server, time, sockets } = device()
    const first = await open()
    const second = await open()
    await time.run(3000)
    first.freeze()
    const sent = second.room.mutate.send({ id: 'm1', text: 'hi' })
    await time.run(10_000)
    expect(second.status().phase).toBe('live')
    await (await sent).confirmed
    first.thaw()
    await time.run(3000)
    expect(first.status()).toEqual(second.status())
    expect(sockets()).toBe(1)
    expect(server.done).toEqual([1])
    await time.run(60_000)
    expect(server.connections).toBe(2)
  })

  for (const how of ['closed', 'killed', 'offline by its own switch'])
    it(`[B11] a leader that was told when to come is ${how}: the next one comes then, and no sooner`, async () => {
      const { open, server, time } = device()
      const first = await open()
      const second = await open()
      await time.run(3000)
      server.say({ t: 'goaway', afterMs: [60_000, 61_000], error: { code: 'unavailable', message: 'full' } })
      await time.run(1000)
      const { retryAtMs } = second.status()
      if (how === 'closed') void first.replica.close()
      else if (how === 'killed') await first.die()
      else first.replica.pause()
      // Clocks jump, people look at it and press the button.
      time.sleep(-86_400_000, { wall: true, monotonic: false })
      second.life('show')
      second.replica.reconnectNow()
      await time.run(57_000)
      expect(second.status()).toMatchObject({ phase: 'waiting', because: { code: 'unavailable', message: 'full' } })
      expect(second.status().retryAtMs).toBe((retryAtMs as number) - 86_400_000)
      expect(server.connections).toBe(1)
      await time.run(5000)
      expect(second.status().phase).toBe('live')
      expect(server.connections).toBe(2)
    })

  it('[B11] a word that is heard after the clock has jumped back keeps nobody away for longer than it meant', async () => {
    const { open, server, time } = device()
    const first = await open()
    const second = await open()
    await time.run(3000)
    second.freeze()
    server.say({ t: 'goaway', afterMs: [60_000, 61_000], error: { code: 'unavailable', message: 'full' } })
    await time.run(1000)
    time.sleep(-86_400_000, { wall: true, monotonic: false })
    second.thaw()
    await first.die()
    await time.run(50_000)
    expect(server.connections).toBe(1)
    await time.run(20_000)
    expect(second.status().phase).toBe('live')
  })

  it('[B11] a tab that leads again after others did remembers what it was told, and who leads for the third time has it from others', async () => {
    const { open, server, time } = device()
    const first = await open()
    const second = await open({ hidden: true })
    await time.run(3000)
    server.say({ t: 'goaway', afterMs: [120_000, 120_000] })
    await time.run(1000)
    first.life('back')
    second.life('show')
    await time.run(10_000)
    second.life('back')
    first.life('show')
    await time.run(10_000)
    await first.die()
    await time.run(90_000)
    expect(server.connections).toBe(1)
    await time.run(15_000)
    expect(second.status().phase).toBe('live')
    expect(server.connections).toBe(2)
  })

  it('a leader that failed by itself asks nobody to wait: the next one connects within 2 s', async () => {
    const { open, server, time } = device()
    const first = await open()
    const second = await open()
    server.reachable = false
    server.cut()
    await time.run(40_000)
    server.reachable = true
    await first.die()
    await time.run(2000)
    expect(second.status().phase).toBe('live')
  })

  it('a tab that is shown takes over from a hidden one', async () => {
    const { open, time } = device()
    const first = await open()
    const second = await open({ hidden: true })
    await time.run(3000)
    expect(first.sockets()).toBe(1)
    first.life('back')
    await time.run(60_000)
    expect(first.sockets()).toBe(1)
    second.life('show')
    await time.run(10_000)
    expect([first.sockets(), second.sockets()]).toEqual([0, 1])
    first.life('show')
    await time.run(60_000)
    expect([first.sockets(), second.sockets()]).toEqual([0, 1])
  })

  it('[M1] a leader that dies between sending and the ack: the next one sends the same number, and it is done once', async () => {
    const { open, server, time } = device()
    const first = await open()
    const second = await open()
    await time.run(3000)
    server.faults = { ...server.faults, lose: 1 }
    const sent = second.room.mutate.send({ id: 'm1', text: 'hi' })
    await time.run(1000)
    expect(server.done).toEqual([1])
    expect(second.status().pending).toBe(1)
    server.faults = { ...server.faults, lose: 0 }
    await first.die()
    await time.run(2000)
    await (await sent).confirmed
    expect(server.done).toEqual([1])
    expect(server.heard.filter(({ t }) => t === 'mutate').map((frame) => 'mutations' in frame && frame.mutations[0]?.n)).toEqual([1, 1])
  })

  for (const { what, faults, connections } of [
    { what: 'every word between tabs gets lost', faults: { loses: () => true }, connections: 12 },
    { what: 'locks never come', faults: { stuck: true }, connections: 3 },
  ])
    it(`where ${what}, everything goes on`, async () => {
      const { open, server, time, shared } = device()
      Object.assign(shared, faults)
      const tabs = [await open(), await open()]
      await time.run(20_000)
      for (let n = 1; n <= 5; n++) {
        server.commit(room)
        const sent = tabs[n % 2]?.room.mutate.send({ id: `m${n}`, text: 'hi' })
        await time.run(30_000)
        await (await sent)?.confirmed
        for (const { status } of tabs) expect(status()).toMatchObject({ pending: 0, spaces: { [room]: { version: 2 * n } } })
      }
      expect(server.done).toEqual([1, 2, 3, 4, 5])
      expect(server.connections).toBeLessThanOrEqual(connections)
    })

  it('where a browser has no locks or no channel, each tab is connected for itself', async () => {
    const { open, server, time } = device()
    const tabs = [await open({ alone: true }), await open({ alone: true })]
    await time.run(3000)
    expect(tabs.map(({ sockets }) => sockets())).toEqual([1, 1])
    const sent = tabs.map(({ room }, n) => room.mutate.send({ id: `m${n}`, text: 'hi' }))
    await time.run(5000)
    for (const each of sent) await (await each).confirmed
    expect(server.done).toEqual([1, 2])
    for (const { replica } of tabs) await replica.close()
  })

  it('[W2] pages of older documents come in every tab by way of the one that leads; where that dies, by way of the next', async () => {
    const { open, server, time, storage } = device()
    for (let n = 0; n < 10; n++) server.commit(room)
    const { seal } = server.stand(room)
    const { core } = await openCore({ storage: storage.reopen() })
    const window = { compacted: true, floors: { messages: 5 }, changes: [message(7, 'g', 'seven')] }
    await core.apply({ space: room, from: 0, on: '', to: 10, seal, head: 10, ...window } as never)
    const asked: number[] = []
    server.older = (space, _, before, limit) => {
      asked.push(before)
      const { version: head, seal } = server.stand(space)
      return { docs: [message(before, `m${before}`, 'old')], floor: before - limit, head, seal }
    }
    const first = await open()
    const second = await open()
    const third = await open()
    await time.run(3000)
    // Deletions come while it is asked: only who applies the ranges can tell.
    const page = second.room.messages.older({ limit: 2 })
    server.commit(room)
    await time.run(1000)
    expect(await page).toEqual({ added: 1, more: true })
    first.freeze()
    const next = third.room.messages.older({ limit: 2 })
    await time.run(20_000)
    expect(await next).toEqual({ added: 1, more: true })
    expect(asked).toEqual([5, 3])
    first.thaw()
    await time.run(1000)
    expect(third.status().spaces[room]).toMatchObject({ version: 11, floors: { messages: 1 } })
  })

  it('a new connection that is asked for in any tab is made by the one that leads', async () => {
    const { open, server, time } = device()
    const tabs = [await open(), await open()]
    await time.run(5000)
    tabs[1]?.replica.reconnectNow()
    await time.run(1000)
    expect(server.connections).toBe(2)
    expect(tabs[0]?.sockets()).toBe(1)
  })

  it('what is saved, pending, settled and counted is the same in each, and so is what is done about it', async () => {
    const { open, server, time } = device()
    const [first, second] = [await open(), await open()]
    await time.run(3000)
    const told = (tab: Tab) => {
      const pending: number[] = []
      tab.replica.pending$.subscribe((list) => pending.push(list.length))
      return pending
    }
    const pending = [told(first), told(second)]
    server.refuseBatches = { code: 'unavailable', message: 'not now', afterMs: 2000 }
    const sent = [await second.room.mutate.send({ id: 'm1', text: 'one' }), await first.room.mutate.send({ id: 'm2', text: 'two' })]
    await time.run(1000)
    expect(sent.map(({ n }) => n)).toEqual([1, 2])
    for (const tab of [first, second])
      expect(tab.status()).toMatchObject({ pending: 2, blocked: { code: 'unavailable', message: 'not now' } })
    server.refuseBatches = undefined
    const settled = Promise.all([first.replica.settled(), second.replica.settled()])
    await time.run(10_000)
    await settled
    for (const { confirmed } of sent) await confirmed
    expect(pending.map((list) => [Math.max(...list), list.at(-1)])).toEqual([
      [2, 0],
      [2, 0],
    ])
    expect(await second.replica.audit()).toEqual(await first.replica.audit())
    expect(second.replica.clientId).toBe(first.replica.clientId)
    expect(server.done).toEqual([1, 2])
    // Of the clock of the server, too: it stands in what is written.
    expect(second.status()).toEqual(first.status())
  })

  it('what is refused stands in every tab, may be made again or dismissed in any of them, and is off the list in all', async () => {
    const { open, server, time } = device()
    const tabs = [await open(), await open(), await open()] as const
    const [first, second, third] = tabs
    await time.run(3000)
    server.refuses = (n) => (n <= 2 ? { code: 'rejected', message: 'too rude' } : undefined)
    const lists: (readonly Refused[])[] = []
    for (const [at, { replica }] of tabs.entries())
      replica.rejected$.subscribe((list) => {
        lists[at] = list
      })
    const sent = [await second.room.mutate.send({ id: 'm1', text: 'one' }), await first.room.mutate.send({ id: 'm2', text: 'two' })]
    const ended = sent.map(({ confirmed }) => confirmed.catch((error: unknown) => error))
    await time.run(2000)
    expect(await Promise.all(ended)).toMatchObject([{ code: 'rejected' }, { code: 'rejected' }])
    for (const [at, { status }] of tabs.entries()) {
      expect(lists[at]).toMatchObject([
        { n: 1, args: { text: 'one' }, error: { code: 'rejected', message: 'too rude' } },
        { n: 2, args: { text: 'two' }, error: { code: 'rejected', message: 'too rude' } },
      ])
      expect(status()).toMatchObject({ pending: 0, refused: 2 })
    }
    // Two people press the same button in two tabs: it is made again once.
    const [ofSecond, ofThird] = [lists[1]?.[0], lists[2]?.[0]]
    const again = await Promise.allSettled([ofSecond?.retry(), ofThird?.retry()])
    expect(again.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await lists[0]?.find(({ n }) => n === 2)?.dismiss()
    await time.run(2000)
    expect(lists).toEqual([[], [], []])
    for (const { status } of tabs) expect(status()).toMatchObject({ pending: 0, refused: 0, spaces: { [room]: { version: 1 } } })
    expect(server.done).toEqual([3])
    expect(await third.replica.audit()).toEqual(await first.replica.audit())
  })

  it('clear() in any tab is held up by what any of them wrote, and ends them all', async () => {
    const { open, server, time, storage } = device()
    const [first, second] = [await open(), await open()]
    await time.run(3000)
    server.reachable = false
    server.cut()
    await first.room.mutate.send({ id: 'm1', text: 'one' })
    await expect(second.replica.clear()).rejects.toMatchObject({ code: 'forbidden' })
    await time.run(1000)
    expect(first.status().pending).toBe(1)
    server.reachable = true
    expect(await second.replica.clear({ discardPending: true })).toEqual({ pending: 1, refused: 0 })
    expect(storage.dump()).toBe('{}')
    await expect(first.room.mutate.send({ id: 'm2', text: 'two' })).rejects.toMatchObject({ trouble: 'cleared' })
    await time.run(60_000)
    expect(server.done).toEqual([])
    expect(storage.dump()).toBe('{}')
    await first.replica.close()
    // Whoever comes next begins anew, and leads.
    const third = await open()
    await time.run(3000)
    expect(third.status()).toMatchObject({ phase: 'live', pending: 0 })
    const { confirmed } = await third.room.mutate.send({ id: 'm3', text: 'three' })
    await time.run(1000)
    await confirmed
    expect(server.done).toEqual([1])
  })

  it('a space that is denied is so in every tab, and whoever opens it once more asks again', async () => {
    const { open, server, time } = device()
    const tabs = [await open(), await open()]
    server.deny(room, { code: 'forbidden', message: 'not yours' })
    server.cut()
    await time.run(5000)
    for (const { status } of tabs) expect(status().spaces[room]?.denied).toMatchObject({ code: 'forbidden', message: 'not yours' })
    server.deny(room, undefined)
    server.commit(room)
    tabs[1]?.replica.space(room)
    await time.run(3000)
    for (const { status } of tabs) expect(status().spaces[room]).toMatchObject({ version: 1, head: 1 })
  })
})
