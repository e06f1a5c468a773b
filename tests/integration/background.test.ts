// Goal: a worker that sends the outbox of a page, before, after or while the page does, changes nothing but when it arrives.
// Method: the real server; both ends of one disk at once.
import { flushPending } from '@tidemark/client/service-worker'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { app } from '../../demo-app/app.ts'
import { type BothEnds, bothEnds, type ChatReplica, eventually, tokenOf } from './both-ends.ts'

const [ROUNDS, WRITTEN] = process.env.CI === undefined ? [1, 30] : [8, 110]
const WRITTEN_MEANWHILE = 20

let ends: BothEnds
beforeEach(async () => {
  ends = await bothEnds()
})
afterEach(() => ends.close())

const worker = (disk: IDBFactory, url = ends.url) =>
  flushPending({ app, url, token: (user) => tokenOf(user), indexedDB: disk, IDBKeyRange }, 'alice')
const write = async (replica: ChatReplica, from: number, to: number, name = 'pier') => {
  const room = replica.space(`room:${name}`)
  for (let n = from; n <= to; n++) await room.mutate.send({ id: `m${n}`, text: `${n}` })
}
/** What a device of somebody else shows, in its order. */
async function seen(count: number, name = 'pier'): Promise<string[]> {
  const bob = await ends.open('bob')
  const room = bob.space(`room:${name}`)
  await eventually(`bob has ${count}`, async () => (await room.messages.count()) >= count)
  const messages = await room.messages.orderBy('$b').toArray()
  await bob.close()
  return messages.map(({ text }) => text)
}
const numbers = (to: number) => Array.from({ length: to }, (_, at) => `${at + 1}`)

describe('a worker beside a page', () => {
  it('sends what was left behind; the page that comes back has nothing to do', async () => {
    const disk = new IDBFactory()
    const page = await ends.open('alice', { disk })
    page.pause()
    await write(page, 1, WRITTEN)
    await page.close()
    await worker(disk)
    expect(await seen(WRITTEN)).toEqual(numbers(WRITTEN))
    const again = await ends.open('alice', { disk })
    await again.settled()
    expect(await again.audit()).toEqual({ created: WRITTEN, confirmed: WRITTEN, refused: 0, pending: 0, discarded: 0 })
  })

  it('[M1] sends at the same time as the page: everything takes effect once, in its order, and is settled once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const disk = new IDBFactory()
      const page = await ends.open('alice', { disk })
      page.pause()
      const room = `pier-${round}`
      await write(page, 1, WRITTEN, room)
      const count = WRITTEN + WRITTEN_MEANWHILE
      page.resume()
      await Promise.all([worker(disk), write(page, WRITTEN + 1, count, room), worker(disk)])
      await page.settled()
      expect(await page.audit()).toEqual({ created: count, confirmed: count, refused: 0, pending: 0, discarded: 0 })
      await page.close()
      expect(await seen(count, room)).toEqual(numbers(count))
    }
  })

  it('fails where there is no server, and leaves everything to the next time', async () => {
    const disk = new IDBFactory()
    const page = await ends.open('alice', { disk })
    page.pause()
    await write(page, 1, 3)
    await ends.stop()
    await expect(worker(disk)).rejects.toMatchObject({ code: 'unavailable' })
    expect((await page.audit()).pending).toBe(3)
    await page.close()
    await ends.start()
    await worker(disk)
    expect(await seen(3)).toEqual(numbers(3))
  })
})
