import { commit, creation, documentsOf, headOf, logOf, paged, replacement, type TestRunner, v, WIDE, writing } from './bench.ts'
import type { Opened } from './opened.ts'

/** Bounds of reads, and what is no longer there to read. */
export function describePaging({ describe, expect, it }: TestRunner, opened: Opened): void {
  describe('pages', () => {
    it('a page of the log ends before it would pass a bound, never splits a commit, and below the head is never empty', () =>
      opened(async (changelog) => {
        for (let n = 1; n <= 6; n++) {
          const size = n === 3 ? 20 : 2
          await commit(
            changelog,
            Array.from({ length: size }, (_, m) => creation(`m${n}-${m}`, { text: 'x'.repeat(100) })),
          )
        }
        const sizes = async (bounds: object) => {
          const pages = await paged((from) => logOf(changelog, { from, bounds: { ...WIDE, ...bounds } }))
          expect(pages.flat().map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6])
          return pages.map((page) => page.length)
        }
        expect(await sizes({})).toEqual([6])
        expect(await sizes({ changesMax: 7 })).toEqual([2, 1, 3])
        expect(await sizes({ changesMax: 1 })).toEqual([1, 1, 1, 1, 1, 1])
        expect(await sizes({ bytesMax: 700 })).toEqual([2, 1, 2, 1])
        expect(await sizes({ bytesMax: 1 })).toEqual([1, 1, 1, 1, 1, 1])
        expect(await sizes({ commitsMax: 4 })).toEqual([4, 2])
        expect(await logOf(changelog, { from: 6, bounds: { changesMax: 1, bytesMax: 1, commitsMax: 1 } })).toEqual([])
      }))

    it('[C2] documents by version come once each, in their latest form, in order; those of one commit are never split', () =>
      opened(async (changelog) => {
        await commit(changelog, [creation('c', {}), creation('a', {}), creation('b', {})])
        await commit(changelog, [creation('d', {})])
        await commit(changelog, [replacement('a', { again: true }, 1), creation('e', {})])
        const ids = async (bounds: object, from = 0) => {
          const pages = await paged(async (after) =>
            documentsOf(changelog, { from: Math.max(after, from), bounds: { ...WIDE, ...bounds } }),
          )
          return pages.map((page) => page.map(({ id, version }) => `${id}${version}`).join(' '))
        }
        expect(await ids({})).toEqual(['b1 c1 d2 a3 e3'])
        expect(await ids({}, 1)).toEqual(['d2 a3 e3'])
        expect(await ids({ changesMax: 3 })).toEqual(['b1 c1 d2', 'a3 e3'])
        expect(await ids({ changesMax: 1 })).toEqual(['b1 c1', 'd2', 'a3 e3'])
        expect(await ids({ bytesMax: 1 })).toEqual(['b1 c1', 'd2', 'a3 e3'])
        expect(await ids({ commitsMax: 2 })).toEqual(['b1 c1 d2', 'a3 e3'])
      }))

    it('what is trimmed cannot be read, and nothing is skipped silently', () =>
      opened(async (changelog) => {
        for (let n = 1; n <= 5; n++) await commit(changelog, [creation(`m${n}`, {})])
        await commit(changelog, [{ ...creation('m1', {}), created: v(1), doc: undefined }])
        await commit(changelog, [{ ...creation('m2', {}), created: v(2), doc: undefined }])
        await commit(changelog, [creation('m8', {})])
        const { seal } = await headOf(changelog)
        const sealBefore = (await logOf(changelog, { from: 5 }))[0]?.seal
        await writing(changelog, (tx) => tx.trim('room:1', v(7), v(6)))

        await expect(logOf(changelog, { from: 6 })).rejects.toMatchObject({ code: 'gone' })
        expect((await logOf(changelog, { from: 7 })).map(({ version }) => version)).toEqual([8])
        // The deletion at 6 is forgotten, the one at 7 is still kept; documents stay.
        expect((await documentsOf(changelog)).map(({ id, version }) => `${id}@${version}`)).toEqual([
          'm3@3',
          'm4@4',
          'm5@5',
          'm2@7',
          'm8@8',
        ])
        await changelog.read('t', async (tx) => {
          expect(await tx.logStart('room:1')).toBe(7)
          expect(await tx.horizon('room:1')).toBe(6)
          expect(await tx.sealAt('room:1', v(5))).toBeUndefined()
          expect(await tx.sealAt('room:1', v(6))).toBe(sealBefore)
          expect(await tx.sealAt('room:1', v(0))).toBe('00000000')
          expect(await tx.head('room:1')).toEqual({ version: 8, seal })
        })
        // It never moves back, and not past the head.
        await writing(changelog, (tx) => tx.trim('room:1', v(2), v(1)))
        expect(await changelog.read('t', (tx) => tx.logStart('room:1'))).toBe(7)
        await expect(writing(changelog, (tx) => tx.trim('room:1', v(9), v(0)))).rejects.toMatchObject({ code: 'internal' })
        expect((await commit(changelog, [creation('m9', {})])).version).toBe(9)
      }))

    it('a reader whose moment lies before a trim still reads what was trimmed', () =>
      opened(async (changelog) => {
        for (let n = 1; n <= 3; n++) await commit(changelog, [creation(`m${n}`, {})])
        await changelog.read('t', async (tx) => {
          await tx.head('room:1')
          await writing(changelog, (writer) => writer.trim('room:1', v(3), v(3)))
          expect(await tx.log('room:1', v(0), WIDE)).toHaveLength(3)
          expect(await tx.sealAt('room:1', v(1))).toMatch(/^[0-9a-f]{8}$/)
        })
        await expect(logOf(changelog)).rejects.toMatchObject({ code: 'gone' })
      }))
  })
}
