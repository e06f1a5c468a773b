// A file of an earlier build is brought along with all that is in it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { commit, creation, deletion, documentsOf, logOf, ROOM, replacement, v, WIDE } from '../contract/bench.ts'
import { sqliteChangelog } from './sqlite-changelog.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-schema-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Takes back what the steps after the second added. */
const TO_VERSION_2 = `
  drop table failures;
  drop index documents_living; drop index documents_deleted; drop index documents_by_creation;
  create index documents_by_version on documents (tenant, space, version);
  pragma user_version = 2`

describe('a file of schema version 2', () => {
  it('is brought along, and answers as it did', async () => {
    const file = join(folder, 'old.db')
    const before = sqliteChangelog(file)
    await commit(before, [creation('a', { n: 1 }), creation('b', {})])
    await commit(before, [creation('c', {})])
    await commit(before, [replacement('a', { n: 2 }, 1), deletion('b', 1)])
    const expected = [await logOf(before), await documentsOf(before)]
    await before.close()
    const db = new DatabaseSync(file)
    db.exec(TO_VERSION_2)
    db.close()

    const now = sqliteChangelog(file)
    expect([await logOf(now), await documentsOf(now)]).toEqual(expected)
    expect(await now.read('t', (tx) => tx.floor(ROOM, 'messages', v(9), 1))).toBe(1)
    const { documents } = await now.read('t', (tx) => tx.documentsCreatedUpTo(ROOM, 'messages', v(9), WIDE))
    expect(documents.map(({ id }) => id)).toEqual(['c', 'a'])
    expect((await commit(now, [creation('d', {})])).version).toBe(4)
    await now.close()
  })
})
