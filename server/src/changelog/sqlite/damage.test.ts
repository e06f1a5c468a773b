// A row that was damaged is never served: bits are flipped in rows, and in the file as such.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SyncError } from '@tidemark/shared'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Changelog } from '../changelog.ts'
import {
  ALICE,
  creation,
  deletion,
  documentOf,
  documentsOf,
  headOf,
  logOf,
  NONCE,
  NOW_MS,
  ROOM,
  replacement,
  v,
  writing,
} from '../contract/bench.ts'
import { CorruptRowError } from '../corrupt-row-error.ts'
import { sqliteChangelog } from './sqlite-changelog.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-damage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const whole = join(folder, 'whole.db')
let files = 0

beforeAll(async () => {
  const changelog = sqliteChangelog(whole)
  await writing(changelog, async (tx) => {
    await tx.bindClient('c_1', 'alice', NOW_MS)
    for (let n = 1; n <= 60; n++) {
      await tx.commit(ROOM, [creation(`m${n}`, { text: `message ${n}` })], NONCE, NOW_MS)
      await tx.recordMutation('c_1', { n, nonce: NONCE, outcome: `{"in":{"room:1":${n}}}` }, NOW_MS)
    }
    await tx.recordFailure('c_1', { n: 61, nonce: NONCE, times: 4, sinceMs: NOW_MS })
    await tx.recordKeyed({ source: 'shop', key: 'order-17', digest: 'abc', outcome: '{"in":{"room:1":1}}' }, NOW_MS)
    await tx.commit(ROOM, [replacement('m1', { text: 'second' }, 1), deletion('m2', 2)], NONCE, NOW_MS)
    await tx.commit(ALICE, [creation('m1', { text: 'elsewhere' })], NONCE, NOW_MS)
  })
  await changelog.close()
})

function copyOf(damage: (db: DatabaseSync) => void): string {
  const file = join(folder, `${files++}.db`)
  copyFileSync(whole, file)
  const db = new DatabaseSync(file)
  damage(db)
  db.close()
  return file
}

/** What a read gives: its answer, or the error that kept it. */
const outcome = async (read: Promise<unknown>) => {
  try {
    return JSON.stringify(await read)
  } catch (error) {
    return error
  }
}

describe('a damaged row', () => {
  const cases: readonly [string, string, (changelog: Changelog) => Promise<unknown>, RegExp][] = [
    [
      'document',
      `update documents set doc = replace(doc, 'second', 'Second') where id = 'm1' and space = 'room:1'`,
      (c) => documentOf(c, 'm1'),
      /^documents t room:1 messages m1$/,
    ],
    ['creator', `update documents set creator = 'mallory' where id = 'm1' and space = 'room:1'`, (c) => documentOf(c, 'm1'), /^documents/],
    ['document in a page', `update documents set version = version + 100 where id = 'm3'`, (c) => documentsOf(c), /^documents/],
    ['row in the place of another', `update documents set id = 'm9000' where id = 'm3'`, (c) => documentsOf(c), /^documents/],
    ['deletion that is none', `update documents set doc = '{}' where id = 'm2'`, (c) => documentOf(c, 'm2'), /^documents/],
    ['type', `update documents set origin = null where id = 'm3'`, (c) => documentOf(c, 'm3'), /^documents/],
    [
      'commit',
      `update commits set body = replace(body, 'message 7', 'message 8') where version = 7`,
      (c) => logOf(c),
      /^commits t room:1 7 body$/,
    ],
    [
      'seal',
      `update commits set seal = '01234567' where version = 7`,
      (c) => c.read('t', (tx) => tx.sealAt(ROOM, v(7))),
      /^commits t room:1 7$/,
    ],
    ['commit that is missing', `delete from commits where version = 7`, (c) => logOf(c), /^commits t room:1 7 \(missing\)$/],
    ['commit that is missing at the end', `delete from commits where version = 61`, (c) => logOf(c), /^commits t room:1 61 \(missing\)$/],
    ['head', `update spaces set version = 60 where space = 'room:1'`, (c) => headOf(c), /^spaces t room:1$/],
    ['head that is missing', `delete from spaces where space = 'room:1'`, (c) => headOf(c), /^spaces t room:1 \(missing\)$/],
    ['client', `update clients set n = n - 1`, (c) => c.read('t', (tx) => tx.client('c_1')), /^clients t c_1$/],
    ['record', `update mutations set outcome = '{}' where n = 3`, (c) => c.read('t', (tx) => tx.mutation('c_1', 3)), /^mutations t c_1 3$/],
    ['client under another key', `update clients set client = 'c_2'`, (c) => c.read('t', (tx) => tx.client('c_1')), /^clients t c_2$/],
    ['tenant', `update clients set tenant = 'u'`, (c) => c.read('t', (tx) => tx.client('c_1')), /^clients u c_1$/],
    [
      'record under another number',
      `update mutations set n = 90 where n = 60`,
      (c) => c.read('t', (tx) => tx.mutation('c_1', 60)),
      /^mutations t c_1 90$/,
    ],
    [
      'record of another client',
      `update mutations set client = 'b_1' where n = 1`,
      (c) => c.read('t', (tx) => tx.mutation('c_1', 1)),
      /^mutations t b_1 1$/,
    ],
    ['key under another name', `update keyed set key = 'order-16'`, (c) => c.read('t', (tx) => tx.keyed('shop', 'order-17')), /^keyed/],
    ['count of another client', `update failures set client = 'c_3'`, (c) => c.read('t', (tx) => tx.failure('c_1')), /^failures t c_3$/],
    ['head of another space', `update spaces set space = 'room:0' where space = 'room:1'`, (c) => headOf(c), /^spaces t room:0$/],
    ['count of failures', `update failures set times = 5`, (c) => c.read('t', (tx) => tx.failure('c_1')), /^failures t c_1$/],
    ['key', `update keyed set outcome = '{}'`, (c) => c.read('t', (tx) => tx.keyed('shop', 'order-17')), /^keyed t shop order-17$/],
  ]
  for (const [name, sql, read, row] of cases) {
    it(`${name}: is not served, is named without its content, and the changelog is not ready any more`, async () => {
      const changelog = sqliteChangelog(copyOf((db) => db.exec(sql)))
      await changelog.ready()
      const error = await outcome(read(changelog))
      expect(error).toBeInstanceOf(CorruptRowError)
      expect((error as CorruptRowError).row).toMatch(row)
      expect((error as CorruptRowError).message).not.toMatch(/m1|room|alice|message \d/)
      await expect(changelog.ready()).rejects.toBe(error)
      // What is whole is still served.
      expect((await headOf(changelog, ALICE)).version).toBe(1)
      await changelog.close()
    })
  }

  it('in a write fails that write, and none of it is there', async () => {
    const changelog = sqliteChangelog(copyOf((db) => db.exec(`update spaces set version = 60 where space = 'room:1'`)))
    const write = writing(changelog, async (tx) => {
      await tx.commit(ALICE, [creation('m2', {})], undefined, NOW_MS)
      await tx.commit(ROOM, [creation('m100', {})], undefined, NOW_MS)
    })
    await expect(write).rejects.toBeInstanceOf(CorruptRowError)
    expect((await headOf(changelog, ALICE)).version).toBe(1)
    await changelog.close()
  })

  it('a key that is taken though no row said so is damage, and changes nothing', async () => {
    const changelog = sqliteChangelog(copyOf((db) => db.exec(`delete from clients`)))
    const write = writing(changelog, async (tx) => {
      await tx.bindClient('c_1', 'mallory', NOW_MS)
      await tx.recordMutation('c_1', { n: 1, nonce: NONCE, outcome: '{}' }, NOW_MS)
    })
    await expect(write).rejects.toBeInstanceOf(CorruptRowError)
    await changelog.close()
  })
})

describe('a flipped bit anywhere in the file', () => {
  it('[P3] is refused, found, or without effect: no answer is ever wrong', { timeout: 60_000 }, async () => {
    const bytes = readFileSync(whole)
    const reads: readonly ((changelog: Changelog) => Promise<unknown>)[] = [
      (c) => headOf(c),
      (c) => headOf(c, ALICE),
      (c) => logOf(c),
      (c) => documentsOf(c),
      (c) => documentOf(c, 'm1'),
      (c) => documentOf(c, 'm2'),
      (c) => documentOf(c, 'm40'),
      (c) => documentOf(c, 'missing'),
      (c) => c.read('t', (tx) => tx.client('c_1')),
      (c) => c.read('t', (tx) => tx.mutation('c_1', 7)),
      (c) => c.read('t', (tx) => tx.failure('c_1')),
      (c) => c.read('t', (tx) => tx.sealAt(ROOM, v(30))),
    ]
    const truth = sqliteChangelog(whole)
    const expected = await Promise.all(reads.map((read) => outcome(read(truth))))
    await truth.close()
    const seen = { refused: 0, found: 0, without: 0 }
    const wrong: string[] = []
    const flips = Number(process.env.CI ? 1000 : 100)
    for (let flip = 0; flip < flips; flip++) {
      // A fixed stride that is prime to the length reaches every part of the file.
      const bit = (flip * 7_368_787) % (bytes.length * 8)
      const file = join(folder, `flip-${flip}.db`)
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      writeFileSync(file, flipped)
      let changelog: Changelog
      try {
        changelog = sqliteChangelog(file)
      } catch {
        seen.refused += 1
        rmSync(file)
        continue
      }
      let found = false
      for (const [at, read] of reads.entries()) {
        const got = await outcome(read(changelog))
        if (got instanceof SyncError) found = true
        else if (got !== expected[at]) wrong.push(`bit ${bit}, read ${at}: ${String(got).slice(0, 100)}`)
      }
      seen[found ? 'found' : 'without'] += 1
      await changelog.close().catch(() => undefined)
      rmSync(file)
    }
    expect(wrong).toEqual([])
    expect(seen.refused + seen.found).toBeGreaterThan(0)
  })
})
