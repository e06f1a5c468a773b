// A server that forgot, as the rows of one device meet it: what is pending again, what the app is told, and what a copy shows meanwhile.
import { describe, expect, it } from 'vitest'
import { message, rangeOf } from '../testing/ranges.ts'
import { done, openCore, room, rows, texts } from './model/open-core.ts'
import type { ReplicaCore } from './replica-core.ts'

const bounds = { mutationsMax: 100, bytesMax: 1e6 }
const answerOf = async (core: ReplicaCore, error: object) => {
  const batch = await core.batch(bounds)
  return core.settle([], { client: core.clientId, epoch: batch?.epoch, error: { message: '', ...error } as never })
}
/** A core with so many messages that are done, one more that is pending, and the nonces of all. */
async function settled(count: number) {
  const opened = await openCore()
  const nonces: string[] = []
  for (let n = 1; n <= count + 1; n++) {
    const { nonce } = await opened.core.mutate(room, 'send', { id: `m${n}`, text: `${n}` })
    nonces.push(nonce)
    if (n > count) break
    await opened.core.settle([done(n, nonce, { [room]: n })])
    await opened.core.apply(rangeOf(n - 1, n, [message(n, `m${n}`, `${n}`, { o: nonce })]))
  }
  return { ...opened, nonces }
}

describe('what a server lost', () => {
  it('[M5] is pending again from the number that it expects on; the audit adds up, and nothing shows twice or vanishes', async () => {
    const { core } = await settled(3)
    await answerOf(core, { code: 'out-of-order', n: 4, expected: 2 })
    expect((await core.batch(bounds))?.mutations.map(({ n }) => n)).toEqual([2, 3, 4])
    expect(await core.audit()).toEqual({ created: 4, confirmed: 1, refused: 0, pending: 3, discarded: 0 })
    expect(await texts(core)).toEqual(['1', '2', '3', '4?'])
    // The copy becomes one of the server's history: it lacks them.
    await core.apply({ ...rangeOf(0, 1, [message(1, 'm1', '1')], { reset: 'history' }), on: 's3' } as never)
    expect(await texts(core)).toEqual(['1', '2?', '3?', '4?'])
  })

  it('[M5] set back twice: what the first restore left and a second one takes shows once, for the copy still holds it', async () => {
    const { core, nonces } = await settled(1)
    await core.apply({ ...rangeOf(0, 1, [message(1, 'm1', '1', { o: nonces[0] })], { reset: 'history' }), on: 's1' } as never)
    const proof = await core.batch(bounds)
    await core.settle([done(1, nonces[0] as string, { [room]: 1 })], { client: core.clientId, epoch: proof?.epoch })
    await answerOf(core, { code: 'out-of-order', n: 2, expected: 1 })
    expect(await rows(core, 'outbox')).toMatchObject([{ n: 1, again: true, arrived: [room] }, { n: 2 }])
  })

  it('[M5] is told over a reload until somebody was told, and not while it is under way', async () => {
    const { core, storage, nonces } = await settled(2)
    await answerOf(core, { code: 'out-of-order', n: 3, expected: 1 })
    expect(await core.healed()).toBe(undefined)
    await core.settle(nonces.map((nonce, at) => done(at + 1, nonce, { [room]: at + 1 })))
    const { core: again } = await openCore({ storage: storage.reopen(), seed: 2 })
    const healed = await again.healed()
    expect(healed).toMatchObject({ kept: 1, offeredAgain: 2, lost: 0 })
    await again.told(healed as never)
    expect(await again.healed()).toBe(undefined)
  })

  it('[M5] an answer to what was sent before a healing heals nothing', async () => {
    const { core } = await settled(3)
    const stale = await core.batch(bounds)
    await answerOf(core, { code: 'out-of-order', n: 4, expected: 3 })
    const error = { code: 'out-of-order', message: '', n: 4, expected: 1 }
    await core.settle([], { client: core.clientId, epoch: stale?.epoch, error })
    expect((await core.batch(bounds))?.mutations.map(({ n }) => n)).toEqual([3, 4])
  })

  it('[M5] a conflict right behind what is settled is believed only once that is acknowledged beside it', async () => {
    const { core, nonces } = await settled(2)
    const { clientId } = core
    await answerOf(core, { code: 'client-conflict', n: 3 })
    const proof = await core.batch(bounds)
    expect([core.clientId, proof?.mutations.map(({ n }) => n), proof?.on]).toEqual([clientId, [2, 3], nonces[0]])
    const error = { code: 'client-conflict', message: '', n: 3 }
    await core.settle([done(2, nonces[1] as string, { [room]: 2 })], { client: clientId, epoch: proof?.epoch, error })
    expect(core.clientId).not.toBe(clientId)
    expect(await core.batch(bounds)).toMatchObject({ client: core.clientId, on: '', mutations: [{ n: 1, nonce: nonces[2] }] })
    expect((await rows(core, 'tail')).length).toBe(2)
  })

  it('[M5] the new client id is the same for every copy of a device', async () => {
    const { core, storage } = await settled(0)
    const copy = (await openCore({ storage: storage.clone(), seed: 9 })).core
    for (const device of [core, copy]) await answerOf(device, { code: 'client-conflict', n: 1 })
    expect(copy.clientId).toBe(core.clientId)
    expect(core.clientId).toMatch(/^c_[A-Za-z0-9_-]{22}$/)
  })

  it('[M5] of an older build, whose tail does not say what its last one stands on, nothing is offered on a guess', async () => {
    const { core, storage } = await settled(2)
    const old = (await rows(core, 'tail')).slice(1).map(({ on, touched, s, ...row }) => row)
    await storage.write(['tail'], 'strict', async () => ({
      result: 0,
      writes: [
        { table: 'tail', deleteRange: {} },
        { table: 'tail', put: old },
      ],
    }))
    await core.apply({ ...rangeOf(0, 2, [], { reset: 'history' }), on: 's2' } as never)
    expect((await core.batch(bounds))?.mutations.map(({ n }) => n)).toEqual([3])
  })
})
