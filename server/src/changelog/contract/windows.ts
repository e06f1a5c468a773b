import type { Version } from '@tidemark/shared'
import type { Changelog, LeftOut, NewChange } from '../changelog.ts'
import { commit, creation, deletion, documentsOf, paged, ROOM, replacement, type TestRunner, v, WIDE, writing } from './bench.ts'
import type { Opened } from './opened.ts'

const member = (id: string): NewChange => ({ ...creation(id, {}), collection: 'members' })

/** Reads by creation, and first syncs that leave something out. */
export function describeWindows({ describe, expect, it }: TestRunner, opened: Opened): void {
  const floor = (changelog: Changelog, count: number, upTo = 1000) =>
    changelog.read('t', (tx) => tx.floor(ROOM, 'messages', v(upTo), count))
  const older = (changelog: Changelog, upTo: number, bounds: object = {}) =>
    changelog.read('t', async (tx) => {
      const { documents, floor: below } = await tx.documentsCreatedUpTo(ROOM, 'messages', v(upTo), { ...WIDE, ...bounds })
      return { ids: documents.map(({ id, created, version }) => `${id}:${created}@${version}`).join(' '), floor: below as number }
    })
  const leaving = (began: number, floors: Record<string, number>): LeftOut => ({
    began: v(began),
    floors: new Map(Object.entries(floors) as [string, Version][]),
  })
  const places = async (changelog: Changelog, leftOut: LeftOut | undefined, from = 0, bounds = WIDE) =>
    (await documentsOf(changelog, { from, bounds, leftOut })).map(
      ({ id, version, doc }) => `${id}@${version}${doc === undefined ? '-' : ''}`,
    )

  describe('windows', () => {
    it('[W1] a floor stands under the newest living documents, and never between two of one commit', () =>
      opened(async (changelog) => {
        expect(await floor(changelog, 1)).toBe(0)
        await commit(changelog, [creation('a', {}), creation('b', {})])
        await commit(changelog, [member('m'), creation('c', {})])
        await commit(changelog, [creation('d', {}), creation('e', {}), creation('f', {})])
        await commit(changelog, [replacement('a', { again: true }, 1)])
        await commit(changelog, [creation('g', {})])
        expect(await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((count) => floor(changelog, count)))).toEqual([3, 2, 2, 2, 1, 0, 0, 0])
        // Of those up to a version, and of those that live.
        expect(await floor(changelog, 1, 3)).toBe(2)
        expect(await floor(changelog, 1, 2)).toBe(1)
        expect(await floor(changelog, 1, 1)).toBe(0)
        await commit(changelog, [deletion('c', 2)])
        expect(await floor(changelog, 4)).toBe(1)
        await commit(changelog, [creation('c', { back: true })])
        expect(await floor(changelog, 1)).toBe(5)
      }))

    it('[W1] older documents come newest first, in their latest form, whole commits, down to the last', () =>
      opened(async (changelog) => {
        await commit(changelog, [creation('b', {}), creation('a', {})])
        await commit(changelog, [creation('c', {})])
        await commit(changelog, [creation('f', {}), creation('d', {}), member('e')])
        await commit(changelog, [replacement('a', { again: true }, 1), deletion('c', 2)])
        await commit(changelog, [creation('g', {})])
        expect(await older(changelog, 1000)).toEqual({ ids: 'g:5@5 d:3@3 f:3@3 a:1@4 b:1@1', floor: 0 })
        expect(await older(changelog, 4)).toEqual({ ids: 'd:3@3 f:3@3 a:1@4 b:1@1', floor: 0 })
        expect(await older(changelog, 4, { changesMax: 2 })).toEqual({ ids: 'd:3@3 f:3@3', floor: 1 })
        expect(await older(changelog, 4, { changesMax: 1 })).toEqual({ ids: 'd:3@3 f:3@3', floor: 1 })
        expect(await older(changelog, 4, { bytesMax: 1 })).toEqual({ ids: 'd:3@3 f:3@3', floor: 1 })
        expect(await older(changelog, 4, { commitsMax: 1 })).toEqual({ ids: 'd:3@3 f:3@3', floor: 1 })
        expect(await older(changelog, 1, { changesMax: 2 })).toEqual({ ids: 'a:1@4 b:1@1', floor: 0 })
        expect(await older(changelog, 0)).toEqual({ ids: '', floor: 0 })
      }))

    it('[C2] a first sync leaves out deletions and what is below a floor, up to where it began', () =>
      opened(async (changelog) => {
        await commit(changelog, [member('m1'), creation('a', {})])
        await commit(changelog, [creation('b', {})])
        await commit(changelog, [creation('c', {}), member('m2')])
        await commit(changelog, [replacement('a', {}, 1), deletion('b', 2)])
        await commit(changelog, [replacement('c', {}, 3)])
        expect(await places(changelog, undefined)).toEqual(['m1@1', 'm2@3', 'a@4', 'b@4-', 'c@5'])
        expect(await places(changelog, leaving(5, {}))).toEqual(['m1@1', 'm2@3', 'a@4', 'c@5'])
        expect(await places(changelog, leaving(5, { messages: 2 }))).toEqual(['m1@1', 'm2@3', 'c@5'])
        expect(await places(changelog, leaving(5, { messages: 3 }))).toEqual(['m1@1', 'm2@3'])
        // What changed since it began comes whatever the floor.
        expect(await places(changelog, leaving(3, { messages: 3 }))).toEqual(['m1@1', 'm2@3', 'a@4', 'b@4-', 'c@5'])
        expect(await places(changelog, leaving(4, { messages: 3 }))).toEqual(['m1@1', 'm2@3', 'c@5'])
        expect(await places(changelog, leaving(4, { messages: 3 }), 3)).toEqual(['c@5'])
        const bounds = { ...WIDE, changesMax: 1 }
        const pages = await paged((from) => documentsOf(changelog, { from, bounds, leftOut: leaving(5, { messages: 2 }) }))
        expect(pages.map((page) => page.map(({ id }) => id))).toEqual([['m1'], ['m2'], ['c']])
      }))

    it('a window of more than ten thousand is read like any other', () =>
      opened(async (changelog) => {
        await commit(changelog, [creation('below', {}), creation('changed', {})])
        await writing(changelog, async (tx) => {
          const ids = Array.from({ length: 1000 }, (_, n) => n)
          for (let at = 0; at < 11; at++)
            await tx.commit(
              ROOM,
              ids.map((n) => creation(`${at}-${n}`, {})),
              undefined,
              0,
            )
          await tx.commit(ROOM, [replacement('0-0', {}, 2)], undefined, 0)
          await tx.commit(ROOM, [replacement('changed', {}, 1)], undefined, 0)
        })
        expect(await floor(changelog, 11_000)).toBe(1)
        const bounds = { ...WIDE, changesMax: 20_000 }
        const all = await places(changelog, leaving(13, { messages: 1 }), 0, bounds)
        expect([all.length, all.at(-1)]).toEqual([11_001, 'changed@14'])
        expect(await places(changelog, leaving(14, { messages: 1 }), 11, bounds)).toHaveLength(1001)
      }))

    it('a reader sees windows as they were at its moment', () =>
      opened(async (changelog) => {
        await commit(changelog, [creation('a', {})])
        await commit(changelog, [creation('b', {})])
        await changelog.read('t', async (tx) => {
          await tx.head(ROOM)
          await writing(changelog, (writer) => writer.commit(ROOM, [deletion('a', 1), creation('c', {})], undefined, 0))
          expect(await tx.floor(ROOM, 'messages', v(9), 1)).toBe(1)
          expect((await tx.documentsCreatedUpTo(ROOM, 'messages', v(9), WIDE)).documents.map(({ id }) => id)).toEqual(['b', 'a'])
        })
        expect(await older(changelog, 9)).toEqual({ ids: 'c:3@3 b:2@2', floor: 0 })
      }))
  })
}
