// Histories about sending mutations; the goal and method of all cases stand in index.test.ts.
import type { Changelog } from '@tidemark/server'
import { describe, expect, it } from 'vitest'
import { TABOO } from './case-app.ts'
import { expectSound, saidOnServer } from './end-state.ts'
import { ScriptedWorld } from './scripted-world.ts'
import { WirePerson } from './wire-person.ts'

describe('mutations', () => {
  it('swallowed refusal: a refusal whose ack was lost is told by the next ack, and `acked` alone settles nothing [M4]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const lost = alice.line.hold('down', ({ t }) => t === 'ack')
    await alice.say(`${TABOO} one`)
    expect(lost.kept[0]?.body.acks).toMatchObject([{ n: 1, error: { code: 'rejected' } }])
    alice.line.cut()
    lost.drop()
    const before = alice.line.passed.length
    await world.until('the next welcome', () => alice.line.seen('down', 'welcome', before).length > 0)
    expect(alice.line.seen('down', 'welcome', before)[0]?.acked[0]).toBe(1)
    await expectSound(world, alice)
    expect(alice.refusedTexts).toEqual([`${TABOO} one`])
    expect(await alice.replica.audit()).toMatchObject({ created: 1, refused: 1, confirmed: 0 })
    expect(alice.said).toEqual([])
  })

  it('pipelined past a conflict: a frame that stands on a mutation which was not run is not run either [M2] [M3]', async () => {
    const world = new ScriptedWorld()
    const alice = new WirePerson(world, 'alice')
    const copied = new WirePerson(world, 'alice', alice.client)
    await copied.send(copied.made('B1'))
    // A has both under way before the first answer comes.
    const [one, two] = [alice.made('A1'), alice.made('A2')]
    const answers = await Promise.all([alice.send(one), alice.send(two)])
    expect(answers).toMatchObject([
      { acks: [], error: { code: 'client-conflict', n: 1 } },
      { acks: [], error: { code: 'client-conflict', n: 2 } },
    ])
    expect(await saidOnServer(world)).toEqual(['B1'])
    // Both go on under another id, in their order.
    const moved = new WirePerson(world, 'alice')
    expect(await moved.send(moved.made('A1', one.nonce), moved.made('A2', two.nonce))).toMatchObject({ acks: [{ n: 1 }, { n: 2 }] })
    expect(await saidOnServer(world)).toEqual(['B1', 'A1', 'A2'])
  })

  it('outage as mass refusal: an engine that flaps for a minute refuses nothing, nor for twenty, however often it failed [M7]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    const bob = await world.open('bob')
    world.killServer()
    const engine = flapping(world.changelog)
    world.startServer({}, engine)
    await alice.say('one')
    await bob.say('two')
    for (const minutes of [1, 19]) {
      await world.pass(minutes * 60_000)
      expect(engine.failures).toBeGreaterThanOrEqual(10)
      expect([...alice.refusedTexts, ...bob.refusedTexts]).toEqual([])
    }
    engine.isFlapping = false
    await expectSound(world, alice, bob)
    expect([...alice.refusedTexts, ...bob.refusedTexts]).toEqual([])
    expect([...(await saidOnServer(world))].sort()).toEqual(['one', 'two'])
  })

  it('outage as mass refusal: a bug in a mutator that is mended within ten minutes refuses nothing either [M7]', async () => {
    const world = new ScriptedWorld()
    const alice = await world.open('alice')
    world.killServer()
    let throws = 0
    world.startServer({
      before() {
        throws++
        throw new Error('a bug in the app')
      },
    })
    await alice.say('one')
    await alice.say('two')
    await world.pass(120_000)
    expect(throws).toBeGreaterThan(5)
    world.killServer()
    world.startServer()
    await expectSound(world, alice)
    expect(alice.refusedTexts).toEqual([])
    expect(await saidOnServer(world)).toEqual(['one', 'two'])
  })

  it('frozen tab wakes: two tabs that send the same outbox are harmless, for numbers are taken and settled in transactions [M1]', async () => {
    const world = new ScriptedWorld()
    const first = await world.open('alice')
    const held = first.line.hold('up', ({ t }) => t === 'mutate')
    await first.say('one')
    await first.say('two')
    expect(held.kept.map(({ body }) => body.mutations.length)).toEqual([1])
    first.process.freeze()

    const second = await world.open('alice', { disk: first.disk.reopen() })
    await second.say('three')
    await world.until('the second tab has sent everything', async () => (await second.replica.audit()).pending === 0)
    expect(await saidOnServer(world)).toEqual(['one', 'two', 'three'])

    // It wakes up in the middle of what it was doing: its old batch leaves, with numbers that are long done.
    first.process.thaw()
    held.release()
    await world.settle()
    await Promise.all([first.say('four'), second.say('five'), first.say('six')])
    await expectSound(world, first, second)
    expect([...(await saidOnServer(world))].sort()).toEqual(['five', 'four', 'one', 'six', 'three', 'two'])
    expect(await first.replica.audit()).toMatchObject({ created: 6, confirmed: 6 })
  })
})

/** An engine that fails every other time at once, and else in the middle of a mutation, while it can write what is told of that. */
function flapping(changelog: Changelog): Changelog & { isFlapping: boolean; failures: number } {
  const fail = () => {
    engine.failures++
    return Promise.reject(new Error('the disk does not answer'))
  }
  const engine = {
    ...changelog,
    isFlapping: true,
    failures: 0,
    write<T>(work: (tenant: (tenant: string) => WriteTransaction) => Promise<T>): Promise<T> {
      if (engine.isFlapping && engine.failures % 2 === 0) return fail()
      return changelog.write((tenant) =>
        work(
          (name) =>
            new Proxy(tenant(name), {
              get(tx, key) {
                const member: unknown = Reflect.get(tx, key)
                if (engine.isFlapping && key === 'document') return fail
                return typeof member === 'function' ? member.bind(tx) : member
              },
            }),
        ),
      )
    },
  }
  return engine
}

type WriteTransaction = ReturnType<Parameters<Parameters<Changelog['write']>[0]>[0]>
