import { TAIL_MS, TAIL_MUTATIONS_MAX } from '@tidemark/shared'
import type { Changelog } from '../changelog.ts'
import { NONCE, NOW_MS, type TestRunner, writing } from './bench.ts'
import type { Opened } from './opened.ts'

const CLIENT = 'c_0123456789abcdefghijkl'
const HOUR_MS = 3_600_000

/** What client ids have done, and for how long that is known. */
export function describeClients({ describe, expect, it }: TestRunner, opened: Opened): void {
  const client = (changelog: Changelog) => changelog.read('t', (tx) => tx.client(CLIENT))
  const mutation = (changelog: Changelog, n: number) => changelog.read('t', (tx) => tx.mutation(CLIENT, n))
  const record = (n: number) => ({ n, nonce: n.toString(16).padStart(16, '0'), outcome: `{"in":{"room:1":${n}}}` })

  /** Records mutations from..to, all done at `atMs`. */
  const done = (changelog: Changelog, from: number, to: number, atMs: number) =>
    writing(changelog, async (tx) => {
      for (let n = from; n <= to; n++) await tx.recordMutation(CLIENT, record(n), atMs)
    })

  describe('clients', () => {
    it('a client id is bound to the first user, and stands at mutation 0 until it has done one', () =>
      opened(async (changelog) => {
        expect(await client(changelog)).toBeUndefined()
        await writing(changelog, (tx) => tx.bindClient(CLIENT, 'alice', NOW_MS))
        expect(await client(changelog)).toEqual({ user: 'alice', n: 0, nonce: '' })
        await writing(changelog, (tx) => tx.bindClient(CLIENT, 'alice', NOW_MS + 1))
        const stolen = writing(changelog, (tx) => tx.bindClient(CLIENT, 'bob', NOW_MS))
        await expect(stolen).rejects.toMatchObject({ code: 'client-conflict' })
        expect(await client(changelog)).toEqual({ user: 'alice', n: 0, nonce: '' })
      }))

    it('[M2] what is done is kept with nonce and outcome, and the last one stands in the record of its client', () =>
      opened(async (changelog) => {
        await writing(changelog, (tx) => tx.bindClient(CLIENT, 'alice', NOW_MS))
        await done(changelog, 1, 3, NOW_MS)
        expect(await client(changelog)).toEqual({ user: 'alice', n: 3, nonce: record(3).nonce })
        expect(await mutation(changelog, 2)).toEqual(record(2))
        expect(await mutation(changelog, 4)).toBeUndefined()
      }))

    it('[M1] a number is recorded once, and none is passed over', () =>
      opened(async (changelog) => {
        const unbound = done(changelog, 1, 1, NOW_MS)
        await expect(unbound).rejects.toMatchObject({ code: 'internal' })
        await writing(changelog, (tx) => tx.bindClient(CLIENT, 'alice', NOW_MS))
        await done(changelog, 1, 2, NOW_MS)
        await expect(done(changelog, 2, 2, NOW_MS)).rejects.toMatchObject({ code: 'internal' })
        await expect(done(changelog, 4, 4, NOW_MS)).rejects.toMatchObject({ code: 'internal' })
        expect(await client(changelog)).toMatchObject({ n: 2 })
      }))

    it('[M6] the record reaches back as far as any client keeps its tail, and no further than its bound', () =>
      opened(async (changelog) => {
        const kept = 2 * TAIL_MUTATIONS_MAX
        await writing(changelog, (tx) => tx.bindClient(CLIENT, 'alice', NOW_MS))
        await done(changelog, 1, 1000, NOW_MS)
        // A week is not over: nothing is forgotten, however many come.
        await done(changelog, 1001, kept + 500, NOW_MS + TAIL_MS - HOUR_MS)
        expect(await mutation(changelog, 1)).toEqual(record(1))
        // Over: some go with those that come.
        await done(changelog, kept + 501, kept + 520, NOW_MS + TAIL_MS + HOUR_MS)
        expect(await mutation(changelog, 1)).toBeUndefined()
        expect(await mutation(changelog, 1000)).toEqual(record(1000))
        await done(changelog, kept + 521, kept + 900, NOW_MS + TAIL_MS + HOUR_MS)
        expect(await mutation(changelog, 500)).toBeUndefined()
        expect(await mutation(changelog, 1001)).toEqual(record(1001))
        // Years later the last ones are still known.
        await done(changelog, kept + 901, kept + 901, NOW_MS + 100 * TAIL_MS)
        expect(await mutation(changelog, 902)).toEqual(record(902))
        expect(await mutation(changelog, kept + 901)).toEqual(record(kept + 901))
        expect(await client(changelog)).toMatchObject({ n: kept + 901 })
      }))

    it('[M7] one count of failures is kept for each client, beside what it has done, and gone back with its savepoint', () =>
      opened(async (changelog) => {
        const failure = () => changelog.read('t', (tx) => tx.failure(CLIENT))
        const failed = (n: number, times: number) => ({ n, nonce: record(n).nonce, times, sinceMs: NOW_MS })
        const unbound = writing(changelog, (tx) => tx.recordFailure(CLIENT, failed(1, 1)))
        await expect(unbound).rejects.toMatchObject({ code: 'internal' })
        expect(await failure()).toBeUndefined()
        await writing(changelog, async (tx) => {
          await tx.bindClient(CLIENT, 'alice', NOW_MS)
          await tx.recordFailure(CLIENT, failed(1, 1))
          expect(await tx.failure(CLIENT)).toEqual(failed(1, 1))
        })
        await writing(changelog, async (tx) => {
          const undone = tx.savepoint(async () => {
            await tx.recordFailure(CLIENT, failed(1, 3))
            throw new Error('undo')
          })
          await expect(undone).rejects.toThrow('undo')
          expect(await tx.failure(CLIENT)).toEqual(failed(1, 1))
        })
        await writing(changelog, (tx) => tx.recordFailure(CLIENT, failed(1, 2)))
        expect(await failure()).toEqual(failed(1, 2))
        await done(changelog, 1, 1, NOW_MS)
        expect(await failure()).toEqual(failed(1, 2))
        const past = writing(changelog, (tx) => tx.recordFailure(CLIENT, failed(1, 3)))
        await expect(past).rejects.toMatchObject({ code: 'internal' })
        await writing(changelog, (tx) => tx.recordFailure(CLIENT, failed(2, 1)))
        expect(await failure()).toEqual(failed(2, 1))
        expect(await changelog.read('u', (tx) => tx.failure(CLIENT))).toBeUndefined()
        expect(await client(changelog)).toEqual({ user: 'alice', n: 1, nonce: record(1).nonce })
      }))

    it('a client with a single mutation is known for ever', () =>
      opened(async (changelog) => {
        await writing(changelog, async (tx) => {
          await tx.bindClient(CLIENT, 'alice', NOW_MS)
          await tx.recordMutation(CLIENT, { n: 1, nonce: NONCE, outcome: '{"error":{"code":"rejected"}}' }, 0)
        })
        expect(await mutation(changelog, 1)).toEqual({ n: 1, nonce: NONCE, outcome: '{"error":{"code":"rejected"}}' })
      }))
  })
}
