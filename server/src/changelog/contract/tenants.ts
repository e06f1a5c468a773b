import { commit, creation, documentOf, documentsOf, headOf, logOf, NONCE, NOW_MS, ROOM, sealAt, type TestRunner, v } from './bench.ts'
import type { Opened } from './opened.ts'

/** Two tenants that hold the same ids everywhere. */
export function describeTenants({ describe, expect, it }: TestRunner, opened: Opened): void {
  describe('tenants', () => {
    it('[P14] two tenants with the same spaces, documents and client ids know nothing of each other', () =>
      opened(async (changelog) => {
        const fill = (tenant: string, user: string, commits: number) =>
          changelog.write(async (of) => {
            const tx = of(tenant)
            await tx.bindClient('c_1', user, NOW_MS)
            for (let n = 1; n <= commits; n++) {
              await tx.commit(ROOM, [creation(`m${n}`, { of: tenant }, user)], NONCE, NOW_MS)
              await tx.recordMutation('c_1', { n, nonce: NONCE, outcome: `"${tenant}"` }, NOW_MS)
            }
          })
        await fill('t', 'alice', 2)
        await fill('other', 'bob', 3)
        expect((await headOf(changelog)).version).toBe(2)
        expect((await headOf(changelog, ROOM, 'other')).version).toBe(3)
        expect(await headOf(changelog, ROOM, 'nobody')).toMatchObject({ version: 0 })
        expect(await documentOf(changelog, 'm1')).toMatchObject({ doc: '{"of":"t"}', creator: 'alice' })
        expect(await documentOf(changelog, 'm1', 'other')).toMatchObject({ doc: '{"of":"other"}', creator: 'bob' })
        expect(await documentOf(changelog, 'm3')).toBeUndefined()
        expect(await changelog.read('t', (tx) => tx.client('c_1'))).toMatchObject({ user: 'alice', n: 2 })
        expect(await changelog.read('other', (tx) => tx.client('c_1'))).toMatchObject({ user: 'bob', n: 3 })
        expect(await changelog.read('t', (tx) => tx.mutation('c_1', 2))).toMatchObject({ outcome: '"t"' })
        expect(await changelog.read('t', (tx) => tx.mutation('c_1', 3))).toBeUndefined()

        const seen = JSON.stringify([await logOf(changelog), await documentsOf(changelog)])
        expect(seen).not.toMatch(/other|bob/)
        expect(seen).toMatch(/alice/)
      }))

    it('one write may serve two tenants, and a trim in one leaves the other', () =>
      opened(async (changelog) => {
        await changelog.write(async (tenant) => {
          await tenant('t').commit(ROOM, [creation('m1', {})], undefined, NOW_MS)
          await tenant('other').commit(ROOM, [creation('m1', { other: true })], undefined, NOW_MS)
        })
        await commit(changelog, [{ ...creation('m1', {}), created: v(1), doc: undefined }], { tenant: 'other' })
        await changelog.write((tenant) => tenant('other').trim(ROOM, v(2), v(2)))
        expect(await documentsOf(changelog, { tenant: 'other' })).toEqual([])
        expect(await logOf(changelog)).toHaveLength(1)
        expect(await documentOf(changelog, 'm1')).toMatchObject({ doc: '{}' })
        expect(await sealAt(changelog, 1)).toMatch(/^[0-9a-f]{8}$/)
      }))

    it('no name can be written so that it reaches into another tenant or space', () =>
      opened(async (changelog) => {
        await commit(changelog, [creation('c', { from: 'a' })], { tenant: 'a', space: 'b:x' })
        await commit(changelog, [creation('c', { from: 'a:b' })], { tenant: 'a:b', space: 'x' })
        await commit(changelog, [creation("'; drop table documents; --", {})], { tenant: "t' or '1'='1" })
        expect(await logOf(changelog, { tenant: 'a', space: 'b:x' })).toHaveLength(1)
        expect((await logOf(changelog, { tenant: 'a:b', space: 'x' }))[0]?.changes[0]?.text).toContain('"from":"a:b"')
        expect(await documentsOf(changelog, { tenant: "t' or '1'='1" })).toHaveLength(1)
        expect(await documentsOf(changelog)).toEqual([])
      }))
  })
}
