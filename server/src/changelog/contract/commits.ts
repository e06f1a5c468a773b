import { EMPTY_SEAL } from '@tidemark/shared'
import type { NewChange } from '../changelog.ts'
import {
  ALICE,
  commit,
  creation,
  deletion,
  documentOf,
  documentsOf,
  headOf,
  logOf,
  NONCE,
  replacement,
  sealAt,
  type TestRunner,
  v,
} from './bench.ts'
import type { Opened } from './opened.ts'

/** What a commit leaves: numbers, seals, the log's texts, documents. */
export function describeCommits({ describe, expect, it }: TestRunner, opened: Opened): void {
  describe('commits', () => {
    it('a space that nobody wrote to stands at version 0, whose seal is always known', () =>
      opened(async (changelog) => {
        expect(await headOf(changelog)).toEqual({ version: 0, seal: EMPTY_SEAL })
        expect(await sealAt(changelog, 0)).toBe(EMPTY_SEAL)
        expect(await sealAt(changelog, 1)).toBeUndefined()
        expect(await logOf(changelog)).toEqual([])
        expect(await documentsOf(changelog)).toEqual([])
        expect(await documentOf(changelog, 'm1')).toBeUndefined()
        expect(await changelog.read('t', (tx) => tx.horizon('room:1'))).toBe(0)
        expect(await changelog.read('t', (tx) => tx.logStart('room:1'))).toBe(0)
      }))

    it('versions are 1, 2, 3 in each space for itself', () =>
      opened(async (changelog) => {
        expect((await commit(changelog, [creation('m1', { text: 'a' })])).version).toBe(1)
        expect((await commit(changelog, [creation('m2', { text: 'b' })])).version).toBe(2)
        expect((await commit(changelog, [creation('m1', { text: 'c' })], { space: ALICE })).version).toBe(1)
        expect((await commit(changelog, [creation('m3', { text: 'd' })])).version).toBe(3)
        expect((await headOf(changelog)).version).toBe(3)
      }))

    it('the log keeps the texts of protocol §3: put, put of an older document with b, set, set and unset, del', () =>
      opened(async (changelog) => {
        const patch = (set: string, unset: readonly string[]): NewChange => ({
          ...replacement('m1', { text: 'c', n: 1 }, 1),
          delta: { set, unset },
        })
        await commit(changelog, [creation('m1', { text: 'a' })], { origin: NONCE })
        await commit(changelog, [replacement('m1', { text: 'b' }, 1)])
        await commit(changelog, [patch('{"n":1}', [])])
        await commit(changelog, [patch('{"text":"c"}', ['old "field"'])])
        await commit(changelog, [deletion('m1', 1)])
        const log = await logOf(changelog)
        expect(log.map(({ version, origin, changes }) => [version, origin, changes.map(({ text }) => text)])).toEqual([
          [1, NONCE, ['{"v":1,"c":"messages","id":"m1","put":{"text":"a"}}']],
          [2, undefined, ['{"v":2,"c":"messages","id":"m1","put":{"text":"b"},"b":1}']],
          [3, undefined, ['{"v":3,"c":"messages","id":"m1","set":{"n":1}}']],
          [4, undefined, ['{"v":4,"c":"messages","id":"m1","set":{"text":"c"},"unset":["old \\"field\\""]}']],
          [5, undefined, ['{"v":5,"c":"messages","id":"m1","del":true}']],
        ])
      }))

    it('a commit keeps its changes in their order, with collection and creator of each', () =>
      opened(async (changelog) => {
        await commit(changelog, [
          creation('z', { n: 1 }, 'zoe'),
          { ...creation('a', { n: 2 }, 'bob'), collection: 'chats' },
          creation('ü "\\ \u2028 😀', { text: '\u0000\n😀' }, 'alice'),
        ])
        const [only] = await logOf(changelog)
        expect(only?.changes.map(({ collection, creator, text }) => [collection, creator, JSON.parse(text).id])).toEqual([
          ['messages', 'zoe', 'z'],
          ['chats', 'bob', 'a'],
          ['messages', 'alice', 'ü "\\ \u2028 😀'],
        ])
        expect(JSON.parse(only?.changes[2]?.text ?? '').put).toEqual({ text: '\u0000\n😀' })
      }))

    it('a document keeps its bytes, the version and creator of its creation, the version and origin of its last change', () =>
      opened(async (changelog) => {
        const text = '{"b":1.0,  "a":[1e2]}'
        await commit(changelog, [{ ...creation('m1', {}), doc: text }], { origin: NONCE })
        const stored = {
          collection: 'messages',
          id: 'm1',
          version: v(1),
          created: v(1),
          creator: 'alice',
          origin: NONCE as string | undefined,
          doc: text,
        }
        expect(await documentOf(changelog, 'm1')).toEqual(stored)
        await commit(changelog, [replacement('m1', { a: 2 }, 1)])
        expect(await documentOf(changelog, 'm1')).toEqual({ ...stored, version: 2, origin: undefined, doc: '{"a":2}' })
        expect((await logOf(changelog))[0]?.changes[0]?.text).toContain(text)
      }))

    it('a deleted document stays as a row without content that says when, and who had created it', () =>
      opened(async (changelog) => {
        await commit(changelog, [creation('m1', { a: 1 })])
        await commit(changelog, [deletion('m1', 1)], { origin: NONCE })
        const gone = { collection: 'messages', id: 'm1', version: 2, created: 1, creator: 'alice', origin: NONCE, doc: undefined }
        expect(await documentOf(changelog, 'm1')).toEqual(gone)
        expect(await documentsOf(changelog)).toEqual([gone])
      }))

    it('a document that is created again after a deletion is new: no b, and a new creator', () =>
      opened(async (changelog) => {
        await commit(changelog, [creation('m1', { a: 1 })])
        await commit(changelog, [deletion('m1', 1)])
        await commit(changelog, [creation('m1', { a: 2 }, 'bob')])
        expect(await documentOf(changelog, 'm1')).toMatchObject({ version: 3, created: 3, creator: 'bob', doc: '{"a":2}' })
        expect((await logOf(changelog, { from: 2 }))[0]?.changes[0]?.text).toBe('{"v":3,"c":"messages","id":"m1","put":{"a":2}}')
        expect(await documentsOf(changelog)).toHaveLength(1)
      }))

    it('seals chain: each depends on every commit before it, and on where its bytes stand', () =>
      opened((one) =>
        opened(async (other) => {
          const first = await commit(one, [creation('m1', { a: 1 })])
          const second = await commit(one, [creation('m2', { a: 2 })])
          expect(first.seal).toMatch(/^[0-9a-f]{8}$/)
          expect(second.seal).not.toBe(first.seal)
          expect([await sealAt(one, 1), await sealAt(one, 2)]).toEqual([first.seal, second.seal])
          expect((await logOf(one)).map(({ seal }) => seal)).toEqual([first.seal, second.seal])

          await commit(other, [creation('m1', { a: 9 })])
          expect((await commit(other, [creation('m2', { a: 2 })])).seal).not.toBe(second.seal)
        }),
      ))

    it('equal commits have equal seals in every engine', () =>
      opened(async (changelog) => {
        const seals = [
          await commit(changelog, [creation('m1', { text: 'Hafen 😀' })], { origin: NONCE }),
          await commit(changelog, [replacement('m1', { text: 'b' }, 1), creation('m2', {}, 'bob')]),
          await commit(changelog, [deletion('m1', 1)]),
        ].map(({ seal }) => seal)
        // Fixed here: a change of what a seal covers makes every copy in the field begin anew.
        expect(seals).toEqual(['a055a23f', '3b256985', '6d20c9ea'])
      }))

    it('the same change under another origin has another seal', () =>
      opened(async (changelog) => {
        const a = await commit(changelog, [creation('m1', { a: 1 })], { space: 'room:a', origin: NONCE })
        const b = await commit(changelog, [creation('m1', { a: 1 })], { space: 'room:b', origin: '0000000000000001' })
        expect(a.seal).not.toBe(b.seal)
      }))

    it('a commit without changes, with one document twice, or past the bounds of a commit is refused and leaves nothing', () =>
      opened(async (changelog) => {
        const many = Array.from({ length: 1001 }, (_, n) => creation(`m${n}`, {}))
        const large = Array.from({ length: 5 }, (_, n) => creation(`m${n}`, { text: 'x'.repeat(220_000) }))
        // Small in the log, large as documents: together they would not fit in one compacted page.
        const largeBehindPatches = large.map((change) => ({ ...change, created: v(0), delta: { set: '{"a":1}', unset: [] } }))
        await expect(commit(changelog, [])).rejects.toMatchObject({ code: 'internal' })
        await expect(commit(changelog, [creation('m1', {}), deletion('m1', 0)])).rejects.toMatchObject({ code: 'internal' })
        await expect(commit(changelog, many)).rejects.toMatchObject({ code: 'too-large' })
        await expect(commit(changelog, large)).rejects.toMatchObject({ code: 'too-large' })
        await expect(commit(changelog, largeBehindPatches)).rejects.toMatchObject({ code: 'too-large' })
        expect(await headOf(changelog)).toEqual({ version: 0, seal: EMPTY_SEAL })
        expect((await commit(changelog, many.slice(1))).version).toBe(1)
      }))

    it('text that is not well-formed Unicode is refused rather than changed', () =>
      opened(async (changelog) => {
        await expect(commit(changelog, [{ ...creation('m1', {}), doc: '{"a":"\ud800"}' }])).rejects.toMatchObject({ code: 'internal' })
        expect((await headOf(changelog)).version).toBe(0)
      }))
  })
}
