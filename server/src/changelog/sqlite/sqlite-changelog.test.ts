// What only a file can do: survive an abrupt end, fill a disk, belong to somebody else.
import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import type { Changelog } from '../changelog.ts'
import { checksumOf } from '../checksum.ts'
import { ALICE, commit, creation, documentsOf, headOf, logOf, NONCE, NOW_MS, ROOM, replacement, writing } from '../contract/bench.ts'
import { KEYED_KEPT_MS, KEYED_RECORDS_MAX } from '../keyed-retention.ts'
import { openWriter } from './connection.ts'
import { APPLICATION_ID, STEPS } from './schema.ts'
import { sqliteChangelog } from './sqlite-changelog.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newFile = () => join(folder, `${files++}.db`)

/** The file as a machine that lost its power would find it: without the shared memory, which is no part of the data. */
function abruptly(file: string): string {
  const copy = newFile()
  copyFileSync(file, copy)
  copyFileSync(`${file}-wal`, `${copy}-wal`)
  return copy
}

const stateOf = async (changelog: Changelog) => [await headOf(changelog), await logOf(changelog), await documentsOf(changelog)]

describe('sqliteChangelog', () => {
  it('[P3] every write that resolved is there after an abrupt end, and nothing of one that had not', async () => {
    const file = newFile()
    const changelog = sqliteChangelog(file)
    for (let n = 1; n <= 20; n++) {
      await writing(changelog, async (tx) => {
        if (n === 1) await tx.bindClient('c_1', 'alice', NOW_MS)
        await tx.commit(ROOM, [creation(`m${n}`, { n })], NONCE, NOW_MS)
        await tx.commit(ALICE, [creation(`m${n}`, { n })], NONCE, NOW_MS)
        await tx.recordMutation('c_1', { n, nonce: NONCE, outcome: `{"in":{"room:1":${n}}}` }, NOW_MS)
      })
    }
    let copied = ''
    await writing(changelog, async (tx) => {
      await tx.commit(ROOM, [creation('unfinished', {})], NONCE, NOW_MS)
      copied = abruptly(file)
    })
    const found = sqliteChangelog(copied)
    expect(await logOf(found)).toEqual((await logOf(changelog)).slice(0, 20))
    expect(await headOf(found, ALICE)).toEqual(await headOf(changelog, ALICE))
    expect(await found.read('t', (tx) => tx.client('c_1'))).toEqual({ user: 'alice', n: 20, nonce: NONCE })
    expect(await found.read('t', (tx) => tx.mutation('c_1', 20))).toMatchObject({ n: 20 })
    expect((await commit(found, [creation('m21', {})])).version).toBe(21)
    await Promise.all([changelog.close(), found.close()])
  })

  it('a write-ahead log that was cut at any byte holds whole transactions, the first ones', { timeout: 30_000 }, async () => {
    const file = newFile()
    const changelog = sqliteChangelog(file)
    const states = [JSON.stringify(await stateOf(changelog))]
    for (let n = 1; n <= 8; n++) {
      await writing(changelog, async (tx) => {
        await tx.commit(
          ROOM,
          [n === 1 ? creation('m1', { n }) : replacement('m1', { n, text: 'x'.repeat(3000 * (n % 3)) }, 1)],
          undefined,
          NOW_MS,
        )
        await tx.commit(ROOM, [creation(`k${n}`, { n })], undefined, NOW_MS)
      })
      states.push(JSON.stringify(await stateOf(changelog)))
    }
    const walBytes = statSync(`${file}-wal`).size
    const seen = new Set<number>()
    for (let at = 0; at <= 40; at++) {
      const copy = abruptly(file)
      truncateSync(`${copy}-wal`, Math.floor((walBytes * at) / 40))
      const found = sqliteChangelog(copy)
      const state = states.indexOf(JSON.stringify(await stateOf(found)))
      expect(state, `cut at ${at}/40`).toBeGreaterThanOrEqual(0)
      seen.add(state)
      await found.close()
    }
    expect(seen.size).toBeGreaterThan(4)
    expect(seen.has(8)).toBe(true)
    await changelog.close()
  })

  it('opens again what it closed, and leaves one file', async () => {
    const file = join(folder, 'made', 'on', 'the', 'way', 'tidemark.db')
    const changelog = sqliteChangelog(file)
    await commit(changelog, [creation('m1', { n: 1 })])
    const state = await stateOf(changelog)
    await changelog.close()
    await changelog.close()
    expect(() => statSync(`${file}-wal`)).toThrow()
    const again = sqliteChangelog(file)
    await again.ready()
    expect(await stateOf(again)).toEqual(state)
    await again.close()
  })

  it('a disk that is full refuses writes as unavailable, keeps serving reads, says so, and goes on when there is room', async () => {
    const file = newFile()
    const changelog = sqliteChangelog(file, { fileBytesMax: 200_000 })
    const large = (n: number) => creation(`m${n}`, { text: 'x'.repeat(20_000) })
    let written = 0
    const fill = async () => {
      for (let n = 1; n < 50; n++) {
        await commit(changelog, [large(n)])
        written = n
      }
    }
    await expect(fill()).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    expect(written).toBeGreaterThan(1)
    expect((await headOf(changelog)).version).toBe(written)
    expect(await documentsOf(changelog)).toHaveLength(written)
    // A savepoint that swallows the error does not make half a transaction of it.
    const swallowed = writing(changelog, async (tx) => {
      await tx.savepoint(() => tx.commit(ALICE, [large(1), large(2)], undefined, NOW_MS)).catch(() => undefined)
      await tx.commit(ROOM, [creation('small', {})], undefined, NOW_MS).catch(() => undefined)
    })
    await expect(swallowed).rejects.toMatchObject({ code: 'unavailable' })
    expect((await headOf(changelog)).version).toBe(written)
    expect((await headOf(changelog, ALICE)).version).toBe(0)
    // Trimming makes room.
    await changelog.write(async (tenant) => {
      const tx = tenant('t')
      const { version } = await tx.head(ROOM)
      await tx.trim(ROOM, version, version)
    })
    await changelog.ready()
    expect((await commit(changelog, [creation('small', {})])).version).toBe(written + 1)
    await changelog.close()
  })

  it('is not ready while writes fail, and finds out by itself when they work again', { timeout: 30_000 }, async () => {
    const file = newFile()
    const changelog = sqliteChangelog(file)
    const other = new DatabaseSync(file, { timeout: 0 })
    other.exec('begin immediate')
    await expect(commit(changelog, [creation('m1', {})])).rejects.toMatchObject({ code: 'unavailable' })
    expect((await headOf(changelog)).version).toBe(0)
    await expect(changelog.ready()).rejects.toMatchObject({ code: 'unavailable' })
    other.exec('commit')
    other.close()
    await changelog.ready()
    expect((await commit(changelog, [creation('m1', {})])).version).toBe(1)
    await changelog.close()
  })

  it('refuses a file of a later build, of another application, and no file at all, saying what to do', async () => {
    const later = newFile()
    await sqliteChangelog(later).close()
    const edit = new DatabaseSync(later)
    edit.exec('pragma user_version = 99')
    edit.close()
    expect(() => sqliteChangelog(later)).toThrow(/schema version 99.*later Tidemark/)

    const foreign = newFile()
    const theirs = new DatabaseSync(foreign)
    theirs.exec('create table notes (text)')
    theirs.close()
    expect(() => sqliteChangelog(foreign)).toThrow(/another application/)
    expect(() => sqliteChangelog(':memory:')).toThrow(/memoryChangelog/)
  })

  it('takes a file of every earlier build to its own schema', async () => {
    for (let version = 1; version < STEPS.length; version++) {
      const file = newFile()
      const earlier = new DatabaseSync(file)
      for (const step of STEPS.slice(0, version)) earlier.exec(step)
      earlier.exec(`pragma application_id = ${APPLICATION_ID}; pragma user_version = ${version}`)
      earlier.close()
      const changelog = sqliteChangelog(file)
      expect((await commit(changelog, [creation('m1', {})])).version).toBe(1)
      await writing(changelog, (tx) => tx.recordKeyed({ source: '', key: 'k', digest: '', outcome: '{}' }, NOW_MS))
      await changelog.close()
    }
    expect(STEPS.length).toBeGreaterThan(1)
  })

  it('refuses one key more than it keeps rather than forget one that is young', async () => {
    const file = newFile()
    const changelog = sqliteChangelog(file)
    const record = (key: string, nowMs: number) =>
      writing(changelog, (tx) => tx.recordKeyed({ source: '', key, digest: '', outcome: '{}' }, nowMs))
    await record('first', NOW_MS)
    // As if all those between were there.
    const cells = [KEYED_RECORDS_MAX, '', NOW_MS, '{}']
    const edit = new DatabaseSync(file)
    edit
      .prepare('insert into keyed (tenant, source, key, place, digest, at_ms, outcome, checksum) values (?, ?, ?, ?, ?, ?, ?, ?)')
      .run('t', '', 'last', ...cells, checksumOf(['keyed', 't', '', 'last', ...cells]))
    edit.close()
    await expect(record('one more', NOW_MS)).rejects.toMatchObject({ code: 'rate-limited', afterMs: expect.any(Number) })
    expect(await changelog.read('t', (tx) => tx.keyed('', 'first'))).toBeDefined()
    await record('a week later', NOW_MS + KEYED_KEPT_MS + 1)
    await changelog.close()
  })

  it('commits with synchronous=FULL in WAL mode, whatever the file was left in', () => {
    const file = newFile()
    const rollbackJournal = new DatabaseSync(file)
    rollbackJournal.exec('pragma journal_mode = delete; pragma synchronous = off')
    rollbackJournal.close()
    const db = openWriter(file, undefined)
    expect(db.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(db.prepare('pragma synchronous').get()).toEqual({ synchronous: 2 })
    db.close()
  })
})
