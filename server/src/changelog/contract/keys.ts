import type { Changelog, KeyedRecord } from '../changelog.ts'
import { KEYED_KEPT_MS } from '../keyed-retention.ts'
import { commit, creation, headOf, NOW_MS, ROOM, type TestRunner, writing } from './bench.ts'
import type { Opened } from './opened.ts'

/** How commits with an idempotency key ended, and for how long that is known. */
export function describeKeys({ describe, expect, it }: TestRunner, opened: Opened): void {
  const record = (key: string, source = 'shop'): KeyedRecord => ({
    source,
    key,
    digest: `digest of ${key}`,
    outcome: `{"in":{"${key}":1}}`,
  })
  const known = (changelog: Changelog, key: string, { source = 'shop', tenant = 't' } = {}) =>
    changelog.read(tenant, (tx) => tx.keyed(source, key))
  const record1 = (changelog: Changelog, key: string, atMs: number) => writing(changelog, (tx) => tx.recordKeyed(record(key), atMs))

  describe('keys', () => {
    it('a key is known with the digest of what was asked for and how that ended, to its tenant and source alone', () =>
      opened(async (changelog) => {
        expect(await known(changelog, 'order-17')).toBeUndefined()
        await record1(changelog, 'order-17', NOW_MS)
        expect(await known(changelog, 'order-17')).toEqual(record('order-17'))
        expect(await known(changelog, 'order-18')).toBeUndefined()
        expect(await known(changelog, 'order-17', { source: 'billing' })).toBeUndefined()
        expect(await known(changelog, 'order-17', { tenant: 'other' })).toBeUndefined()
        await writing(changelog, (tx) => tx.recordKeyed(record('order-17', 'billing'), NOW_MS))
        await changelog.write((tenant) => tenant('other').recordKeyed({ ...record('order-17'), digest: 'theirs' }, NOW_MS))
        expect(await known(changelog, 'order-17')).toEqual(record('order-17'))
        expect(await known(changelog, 'order-17', { tenant: 'other' })).toMatchObject({ digest: 'theirs' })
      }))

    it('the record and the commit are one: what is undone leaves neither', () =>
      opened(async (changelog) => {
        await commit(changelog, [creation('m1', {})])
        await writing(changelog, async (tx) => {
          const undone = tx.savepoint(async () => {
            await tx.commit(ROOM, [creation('m2', {})], undefined, NOW_MS)
            await tx.recordKeyed(record('undone'), NOW_MS)
            throw new Error('no')
          })
          await undone.catch(() => undefined)
          await tx.recordKeyed(record('done'), NOW_MS)
          expect(await tx.keyed('shop', 'done')).toEqual(record('done'))
        })
        expect(await known(changelog, 'undone')).toBeUndefined()
        expect(await known(changelog, 'done')).toEqual(record('done'))
        expect((await headOf(changelog)).version).toBe(1)
      }))

    it('a key is known for a week at least, and forgotten after it, a few with each new one', () =>
      opened(async (changelog) => {
        for (let n = 1; n <= 5; n++) await record1(changelog, `old-${n}`, NOW_MS)
        await record1(changelog, 'on-the-day', NOW_MS + KEYED_KEPT_MS)
        expect(await known(changelog, 'old-1')).toEqual(record('old-1'))
        await record1(changelog, 'a-moment-later', NOW_MS + KEYED_KEPT_MS + 1)
        expect(await known(changelog, 'old-2')).toBeUndefined()
        expect(await known(changelog, 'old-3')).toEqual(record('old-3'))
        await record1(changelog, 'next', NOW_MS + KEYED_KEPT_MS + 1)
        await record1(changelog, 'last', NOW_MS + KEYED_KEPT_MS + 1)
        expect(await known(changelog, 'old-5')).toBeUndefined()
        for (const key of ['on-the-day', 'a-moment-later', 'next', 'last']) expect(await known(changelog, key)).toEqual(record(key))
        // All of them old: the table empties, and goes on from its end.
        for (let n = 1; n <= 3; n++) await record1(changelog, `new-${n}`, NOW_MS + 3 * KEYED_KEPT_MS)
        expect(await known(changelog, 'last')).toBeUndefined()
        expect(await known(changelog, 'new-1')).toEqual(record('new-1'))
      }))
  })
}
