import { creation, deletion, documentsOf, logOf, NONCE, NOW_MS, ROOM, type TestRunner, v, writing } from './bench.ts'
import type { Opened } from './opened.ts'

const CLIENT = 'c_0123456789abcdefghijkl'

/** What those need who look after all spaces and client ids: lists, times, and forgetting a little at a time. */
export function describeRetention({ describe, expect, it }: TestRunner, opened: Opened): void {
  describe('retention', () => {
    it('all spaces of all tenants are listed, each once, some at a time', () =>
      opened(async (changelog) => {
        expect(await changelog.spaces(undefined, 10)).toEqual([])
        await changelog.write(async (tenant) => {
          for (const [of, space] of [
            ['b', 'room:1'],
            ['a', 'user:x'],
            ['a', 'room:10'],
            ['a', 'room:1'],
            ['a.b', 'room:1'],
          ] as const)
            await tenant(of).commit(space, [creation('m', {})], undefined, NOW_MS)
          await tenant('a').commit('room:10', [creation('n', {})], undefined, NOW_MS)
          await tenant('a').trim('room:10', v(2), v(1))
        })
        const seen: string[] = []
        for (let page = await changelog.spaces(undefined, 2); page.length > 0; page = await changelog.spaces(page.at(-1), 2)) {
          expect(page.length).toBeLessThanOrEqual(2)
          seen.push(...page.map(({ tenant, space, version, logStart, horizon }) => `${tenant} ${space} ${version} ${logStart} ${horizon}`))
        }
        expect(seen).toEqual(['a room:1 1 0 0', 'a room:10 2 2 1', 'a user:x 1 0 0', 'a.b room:1 1 0 0', 'b room:1 1 0 0'])
      }))

    it('of commits, those are old that were made before a time, one after the other', () =>
      opened(async (changelog) => {
        await writing(changelog, async (tx) => {
          for (const [at, id] of ['a', 'b', 'c', 'd'].entries())
            await tx.commit(ROOM, [creation(id, {})], undefined, NOW_MS + (at === 3 ? 0 : at * 10))
        })
        const old = (from: number, beforeMs: number, count = 100) =>
          changelog.read('t', (tx) => tx.madeBefore(ROOM, v(from), NOW_MS + beforeMs, count))
        expect(await old(0, 0)).toBe(0)
        expect(await old(0, 1)).toBe(1)
        expect(await old(0, 10)).toBe(1)
        expect(await old(0, 11)).toBe(2)
        // A clock went back: the commit behind one that seems young stays with it.
        expect(await old(0, 20)).toBe(2)
        expect(await old(0, 21)).toBe(4)
        expect(await old(0, 1000, 3)).toBe(3)
        expect(await old(2, 1000)).toBe(4)
        expect(await old(4, 1000)).toBe(4)
        expect(await changelog.read('t', (tx) => tx.madeBefore('room:none', v(0), NOW_MS, 9))).toBe(0)
        // Times outlive the log, up to the horizon.
        await writing(changelog, (tx) => tx.trim(ROOM, v(4), v(1)))
        expect(await old(1, 11)).toBe(2)
      }))

    it('a trim in steps is the same as one at once', () =>
      opened(async (changelog) => {
        await writing(changelog, async (tx) => {
          for (let n = 1; n <= 6; n++) await tx.commit(ROOM, [creation(`m${n}`, {})], undefined, NOW_MS)
          for (let n = 1; n <= 3; n++) await tx.commit(ROOM, [deletion(`m${n}`, n)], undefined, NOW_MS)
        })
        for (const [logStart, horizon] of [
          [3, 0],
          [7, 2],
          [8, 8],
        ] as const)
          await writing(changelog, (tx) => tx.trim(ROOM, v(logStart), v(horizon)))
        expect((await logOf(changelog, { from: 8 })).map(({ version }) => version)).toEqual([9])
        await expect(logOf(changelog, { from: 7 })).rejects.toMatchObject({ code: 'gone' })
        expect((await documentsOf(changelog)).map(({ id, version }) => `${id}@${version}`)).toEqual(['m4@4', 'm5@5', 'm6@6', 'm3@9'])
      }))

    it('[M2] of a client that did nothing for long the last record stays, and young ones do', () =>
      opened(async (changelog) => {
        const record = (n: number) => ({ n, nonce: NONCE, outcome: `"${n}"` })
        await writing(changelog, async (tx) => {
          await tx.bindClient(CLIENT, 'alice', NOW_MS)
          for (let n = 1; n <= 5; n++) await tx.recordMutation(CLIENT, record(n), NOW_MS + n)
          await tx.bindClient(`${CLIENT.slice(0, -1)}m`, 'bob', NOW_MS)
        })
        const kept = async () => {
          const found = await Promise.all([1, 2, 3, 4, 5].map((n) => changelog.read('t', (tx) => tx.mutation(CLIENT, n))))
          return found.flatMap((one) => (one === undefined ? [] : [one.n]))
        }
        const extent = { tenant: 't', client: CLIENT, n: 5, oldest: 1, seenMs: NOW_MS + 5 }
        expect(await changelog.clients(undefined, 1)).toEqual([extent])
        expect(await changelog.clients(extent, 9)).toMatchObject([{ client: `${CLIENT.slice(0, -1)}m`, n: 0, oldest: undefined }])
        const forget = (beforeMs: number, count: number) => writing(changelog, (tx) => tx.forgetMutations(CLIENT, NOW_MS + beforeMs, count))
        await forget(3, 1)
        expect(await kept()).toEqual([2, 3, 4, 5])
        await forget(3, 9)
        expect(await kept()).toEqual([3, 4, 5])
        await forget(1000, 9)
        expect(await kept()).toEqual([5])
        await forget(1000, 9)
        expect(await changelog.clients(undefined, 1)).toEqual([{ ...extent, oldest: 5 }])
        expect(await changelog.read('t', (tx) => tx.client(CLIENT))).toMatchObject({ n: 5 })
        await writing(changelog, (tx) => tx.recordMutation(CLIENT, record(6), NOW_MS))
      }))
  })
}
