import type { WriteTransaction } from '../changelog.ts'
import {
  ALICE,
  commit,
  creation,
  documentOf,
  documentsOf,
  headOf,
  logOf,
  NONCE,
  NOW_MS,
  ROOM,
  replacement,
  type TestRunner,
  writing,
} from './bench.ts'
import type { Opened } from './opened.ts'

/** All or nothing, one at a time, one moment for a reader. */
export function describeTransactions({ describe, expect, it }: TestRunner, opened: Opened): void {
  describe('transactions', () => {
    it('a write that throws has written nothing, in any of its spaces, and passes its error on', () =>
      opened(async (changelog) => {
        const fault = new Error('between the two')
        const write = writing(changelog, async (tx) => {
          await tx.bindClient('c_1', 'alice', NOW_MS)
          await tx.commit(ROOM, [creation('m1', {})], NONCE, NOW_MS)
          await tx.recordMutation('c_1', { n: 1, nonce: NONCE, outcome: '{"in":{}}' }, NOW_MS)
          throw fault
          // Where the second space would have been written.
        })
        await expect(write).rejects.toBe(fault)
        expect((await headOf(changelog)).version).toBe(0)
        expect(await documentsOf(changelog)).toEqual([])
        expect(await logOf(changelog)).toEqual([])
        expect(await changelog.read('t', (tx) => tx.client('c_1'))).toBeUndefined()
        expect(await changelog.read('t', (tx) => tx.mutation('c_1', 1))).toBeUndefined()
      }))

    it('a transaction over two spaces is seen in both or in neither, at every moment of a reader', () =>
      opened(async (changelog) => {
        const seen: number[][] = []
        const look = async () => {
          const heads = await changelog.read('t', async (tx) => [
            (await tx.head(ROOM)).version as number,
            (await tx.head(ALICE)).version as number,
          ])
          seen.push(heads)
        }
        await writing(changelog, async (tx) => {
          await look()
          await tx.commit(ROOM, [creation('m1', {})], NONCE, NOW_MS)
          await look()
          await tx.commit(ALICE, [creation('m1', {})], NONCE, NOW_MS)
          await look()
        })
        await look()
        expect(seen).toEqual([
          [0, 0],
          [0, 0],
          [0, 0],
          [1, 1],
        ])
      }))

    it('a fault between two spaces of one savepoint takes back both, and leaves its neighbours', () =>
      opened(async (changelog) => {
        await writing(changelog, async (tx) => {
          await tx.savepoint(() => tx.commit(ROOM, [creation('before', {})], undefined, NOW_MS))
          const bad = tx.savepoint(async () => {
            await tx.commit(ROOM, [creation('bad', {}), replacement('before', { changed: true }, 1)], undefined, NOW_MS)
            await tx.commit(ALICE, [creation('bad', {})], undefined, NOW_MS)
            throw new Error('a bad mutation')
          })
          await expect(bad).rejects.toThrow('a bad mutation')
          await tx.savepoint(() => tx.commit(ROOM, [creation('after', {})], undefined, NOW_MS))
        })
        expect((await headOf(changelog)).version).toBe(2)
        expect((await headOf(changelog, ALICE)).version).toBe(0)
        expect((await documentsOf(changelog)).map(({ id, doc }) => [id, doc])).toEqual([
          ['before', '{}'],
          ['after', '{}'],
        ])
        expect((await logOf(changelog)).flatMap(({ changes }) => changes.map(({ text }) => JSON.parse(text).id))).toEqual([
          'before',
          'after',
        ])
      }))

    it('one that fails now and then among hundreds takes none of its neighbours along', () =>
      opened(async (changelog) => {
        const kept: string[] = []
        await writing(changelog, async (tx) => {
          await tx.bindClient('c_1', 'alice', NOW_MS)
          for (let at = 1; at <= 400; at++) {
            const fails = at % 7 === 0 || at > 395
            const done = tx.savepoint(async () => {
              await tx.commit(ROOM, [creation(`m${at}`, { at })], undefined, NOW_MS)
              await tx.recordMutation('c_1', { n: kept.length + 1, nonce: NONCE, outcome: `{"in":{"room:1":${at}}}` }, NOW_MS)
              if (fails) throw new Error('a bad mutation')
            })
            if (fails) await expect(done).rejects.toThrow('a bad mutation')
            else {
              await done
              kept.push(`m${at}`)
            }
          }
        })
        expect((await headOf(changelog)).version).toBe(kept.length)
        expect((await documentsOf(changelog)).map(({ id }) => id)).toEqual(kept)
        expect((await logOf(changelog)).flatMap(({ changes }) => changes.map(({ text }) => JSON.parse(text).id))).toEqual(kept)
        await changelog.read('t', async (tx) => {
          expect(await tx.client('c_1')).toMatchObject({ n: kept.length })
          for (const [at, id] of kept.entries())
            expect((await tx.mutation('c_1', at + 1))?.outcome).toBe(`{"in":{"room:1":${id.slice(1)}}}`)
        })
      }))

    it('a savepoint that is taken back takes back what it recorded and bound', () =>
      opened(async (changelog) => {
        await writing(changelog, async (tx) => {
          const bad = tx.savepoint(async () => {
            await tx.bindClient('c_1', 'alice', NOW_MS)
            await tx.recordMutation('c_1', { n: 1, nonce: NONCE, outcome: '{"in":{}}' }, NOW_MS)
            throw new Error('a bad mutation')
          })
          await expect(bad).rejects.toThrow('a bad mutation')
          expect(await tx.client('c_1')).toBeUndefined()
          await tx.bindClient('c_1', 'bob', NOW_MS)
        })
        expect(await changelog.read('t', (tx) => tx.client('c_1'))).toEqual({ user: 'bob', n: 0, nonce: '' })
      }))

    it('savepoints do not nest, and hand on what their work returns', () =>
      opened(async (changelog) => {
        const nested = writing(changelog, (tx) => tx.savepoint(() => tx.savepoint(async () => 1)))
        await expect(nested).rejects.toMatchObject({ code: 'internal' })
        expect(await writing(changelog, (tx) => tx.savepoint(async () => 42))).toBe(42)
      }))

    it('a write that returns before its savepoint did is refused whole', () =>
      opened(async (changelog) => {
        let unfinished: Promise<void> | undefined
        const write = writing(changelog, async (tx) => {
          await tx.commit(ROOM, [creation('m1', {})], undefined, NOW_MS)
          unfinished = tx.savepoint(async () => {
            await tx.commit(ROOM, [creation('m2', {})], undefined, NOW_MS)
            await new Promise<void>((resolve) => queueMicrotask(resolve))
            for (let turn = 0; turn < 20; turn++) await undefined
            await tx.commit(ROOM, [creation('m3', {})], undefined, NOW_MS)
          })
          unfinished.catch(() => undefined)
        })
        await expect(write).rejects.toMatchObject({ code: 'internal' })
        await expect(unfinished).rejects.toMatchObject({ code: 'internal' })
        expect((await headOf(changelog)).version).toBe(0)
      }))

    it('a transaction that is over can neither read nor write, even while another is under way', () =>
      opened(async (changelog) => {
        let kept: WriteTransaction | undefined
        await writing(changelog, async (tx) => {
          kept = tx
          await tx.commit(ROOM, [creation('m1', {})], undefined, NOW_MS)
        })
        await writing(changelog, async () => {
          await expect(kept?.commit(ROOM, [creation('m2', {})], undefined, NOW_MS)).rejects.toMatchObject({ code: 'internal' })
          await expect(kept?.savepoint(async () => 1)).rejects.toMatchObject({ code: 'internal' })
          await expect(kept?.head(ROOM)).rejects.toMatchObject({ code: 'internal' })
        })
        expect((await headOf(changelog)).version).toBe(1)
      }))

    it('writes run one at a time in the order of the calls, and one that fails leaves the others', () =>
      opened(async (changelog) => {
        const steps: string[] = []
        const results = await Promise.allSettled(
          ['a', 'b', 'c'].map((name) =>
            writing(changelog, async (tx) => {
              steps.push(`${name} begins`)
              await tx.commit(ROOM, [creation(name, {})], undefined, NOW_MS)
              for (let turn = 0; turn < 5; turn++) await undefined
              steps.push(`${name} ends`)
              if (name === 'b') throw new Error('b fails')
            }),
          ),
        )
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
        expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
        expect((await documentsOf(changelog)).map(({ id, version }) => [id, version])).toEqual([
          ['a', 1],
          ['c', 2],
        ])
      }))

    it('a write reads what it wrote', () =>
      opened(async (changelog) => {
        await writing(changelog, async (tx) => {
          const head = await tx.commit(ROOM, [creation('m1', { a: 1 })], undefined, NOW_MS)
          expect(await tx.head(ROOM)).toEqual(head)
          expect(await tx.document(ROOM, 'messages', 'm1')).toMatchObject({ version: 1, doc: '{"a":1}' })
          const second = await tx.commit(ROOM, [replacement('m1', { a: 2 }, 1)], undefined, NOW_MS)
          expect(second.version).toBe(2)
          expect(await tx.sealAt(ROOM, head.version)).toBe(head.seal)
        })
        expect(await documentOf(changelog, 'm1')).toMatchObject({ doc: '{"a":2}' })
      }))

    it('a reader sees one moment however long it takes, and the next reader sees what was written meanwhile', () =>
      opened(async (changelog) => {
        await commit(changelog, [creation('m1', { a: 1 })])
        await changelog.read('t', async (tx) => {
          const before = await tx.head(ROOM)
          await commit(changelog, [replacement('m1', { a: 2 }, 1)])
          await commit(changelog, [creation('m2', {})])
          await changelog.write((tenant) => tenant('t').bindClient('c_1', 'alice', NOW_MS))
          expect(await tx.head(ROOM)).toEqual(before)
          expect(await tx.document(ROOM, 'messages', 'm1')).toMatchObject({ version: 1, doc: '{"a":1}' })
          expect(await tx.document(ROOM, 'messages', 'm2')).toBeUndefined()
          expect(await tx.client('c_1')).toBeUndefined()
          expect((await headOf(changelog)).version).toBe(3)
        })
        expect(await documentOf(changelog, 'm1')).toMatchObject({ version: 2, doc: '{"a":2}' })
      }))

    it('many readers at many moments are served, each its own', () =>
      opened(async (changelog) => {
        const moments = Array.from({ length: 12 }, (_, n) => n)
        let release = (): void => undefined
        const released = new Promise<void>((resolve) => {
          release = resolve
        })
        const reads: Promise<boolean>[] = []
        for (const n of moments) {
          await commit(changelog, [creation(`m${n}`, {})])
          const read = changelog.read('t', async (tx) => {
            const { version } = await tx.head(ROOM)
            // Whoever comes late may have waited for a connection, and sees more; nobody sees less than was there when it came.
            if (n < 4) await released
            return version >= n + 1 && (await tx.head(ROOM)).version === version
          })
          reads.push(read)
        }
        release()
        expect(await Promise.all(reads)).toEqual(moments.map(() => true))
      }))

    it('close waits for what is under way, then refuses everything as unavailable', () =>
      opened(async (changelog) => {
        const write = commit(changelog, [creation('m1', {})])
        const read = changelog.read('t', async (tx) => {
          for (let turn = 0; turn < 50; turn++) await undefined
          return (await tx.head(ROOM)).version
        })
        await changelog.close()
        expect((await write).version).toBe(1)
        expect(await read).toBeLessThanOrEqual(1)
        await expect(commit(changelog, [creation('m2', {})])).rejects.toMatchObject({ code: 'unavailable' })
        await expect(headOf(changelog)).rejects.toMatchObject({ code: 'unavailable' })
        await expect(changelog.ready()).rejects.toMatchObject({ code: 'unavailable' })
      }))
  })
}
