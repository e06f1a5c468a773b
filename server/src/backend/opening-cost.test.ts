// Goal: opening a room with 200,000 messages costs the same as one with 300. Method: two rooms in one SQLite file whose last 300
// messages are the same; every row that SQLite hands out is counted, every statement's plan is read.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { collection, defineApp, type Range, type SpaceId, space } from '@tidemark/shared'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { askOf, BackendWorld, BOUNDS, everybody, NEW, user } from '../../test/backend-world.ts'
import type { Changelog, NewChange } from '../changelog/changelog.ts'
import { sqliteChangelog } from '../changelog/sqlite/sqlite-changelog.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const alice = user('alice')
const WINDOW = 200
const LAST = 300
const OLDER = 200_000 - LAST
const DELETED = 20_000
const EDITED = 5000
const MEMBERS = 40
const SMALL: SpaceId = 'room:small'
const LARGE: SpaceId = 'room:large'

const Message = v.object({ text: v.string() })
const app = defineApp({
  version: '1',
  spaces: { room: space({ collections: { messages: collection(Message, { window: WINDOW }), members: collection(Message) } }) },
})

const folder = mkdtempSync(join(tmpdir(), 'tidemark-opening-'))
const file = join(folder, 'rooms.db')
let changelog: Changelog
let world: BackendWorld

const DOC = JSON.stringify({ text: 'a message of some length, as people write them' })
const change = (c: string, id: string, created: NewChange['created'] = 'now', isDeleted = false): NewChange => ({
  collection: c,
  id,
  creator: 'alice',
  created,
  doc: isDeleted ? undefined : DOC,
})

async function commits(room: SpaceId, lists: Iterable<readonly NewChange[]>): Promise<void> {
  await changelog.write(async (tenant) => {
    for (const list of lists) await tenant('default').commit(room, list, undefined, 0)
  })
}

function* thousands(count: number, one: (n: number) => NewChange): Generator<readonly NewChange[]> {
  for (let from = 0; from < count; from += 1000) yield Array.from({ length: Math.min(1000, count - from) }, (_, at) => one(from + at))
}

beforeAll(async () => {
  changelog = sqliteChangelog(file)
  // Of all sizes of commits, of all ages: deleted before, and the oldest changed again lately.
  await commits(
    LARGE,
    thousands(DELETED, (n) => change('messages', `d${n}`)),
  )
  await commits(
    LARGE,
    thousands(DELETED, (n) => change('messages', `d${n}`, ((n - (n % 1000)) / 1000 + 1) as never, true)),
  )
  const began = (2 * DELETED) / 1000 + 1
  await commits(
    LARGE,
    thousands(OLDER, (n) => change('messages', `o${n}`)),
  )
  await commits(
    LARGE,
    thousands(EDITED, (n) => change('messages', `o${n}`, (began + (n - (n % 1000)) / 1000) as never)),
  )
  for (const room of [SMALL, LARGE]) {
    await commits(
      room,
      thousands(MEMBERS, (n) => change('members', `m${n}`)),
    )
    const last = Array.from({ length: LAST }, (_, n) => [change('messages', `l${n}`)])
    await commits(room, last)
  }
  world = new BackendWorld({ app, access: everybody(app), changelog })
})
afterAll(async () => {
  await changelog.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What SQLite is asked while `work` runs: rows that it hands out, and statements. */
async function counted<T>(work: () => Promise<T>): Promise<{ result: T; rows: number; plans: string[] }> {
  let rows = 0
  const sources = new Set<string>()
  const { get, all, iterate } = StatementSync.prototype
  const spies = [
    vi.spyOn(StatementSync.prototype, 'get').mockImplementation(function (this: StatementSync, ...values: unknown[]) {
      rows += 1
      sources.add(this.sourceSQL)
      return get.apply(this, values as never)
    }),
    vi.spyOn(StatementSync.prototype, 'all').mockImplementation(function (this: StatementSync, ...values: unknown[]) {
      const found = all.apply(this, values as never)
      rows += found.length
      sources.add(this.sourceSQL)
      return found
    }),
    vi.spyOn(StatementSync.prototype, 'iterate').mockImplementation(function* (this: StatementSync, ...values: unknown[]) {
      sources.add(this.sourceSQL)
      for (const row of iterate.apply(this, values as never)) {
        rows += 1
        yield row
      }
    } as never),
  ]
  const result = await work().finally(() => {
    for (const spy of spies) spy.mockRestore()
  })
  const db = new DatabaseSync(file, { readOnly: true })
  const plans = [...sources].flatMap((sql) =>
    db
      .prepare(`explain query plan ${sql}`)
      .all()
      .map(({ detail }) => `${detail}`),
  )
  db.close()
  return { result, rows, plans }
}

const parsed = (text: string): Range => JSON.parse(text) as Range

describe('opening a room', () => {
  it('[W1] with 200,000 messages costs as many rows and bytes as with 300', async () => {
    const open = (room: SpaceId) => counted(async () => (await world.backend.range(alice, room, askOf(NEW), BOUNDS)).text)
    const small = await open(SMALL)
    const large = await open(LARGE)
    for (const { result } of [small, large]) {
      const { changes, floors, to, head } = parsed(result)
      expect(changes).toHaveLength(WINDOW + MEMBERS)
      expect(changes.map(({ id }) => id)).toEqual(parsed(small.result).changes.map(({ id }) => id))
      expect([floors?.messages, to]).toEqual([head - WINDOW, head])
    }
    expect(large.rows).toBe(small.rows)
    expect(large.rows).toBeGreaterThan(WINDOW + MEMBERS)
    expect(large.rows).toBeLessThan(3 * (WINDOW + MEMBERS))
    // Numbers have more digits, and nothing else is longer.
    expect(large.result.length / small.result.length).toBeLessThan(1.02)
    // What SQLite does by itself is bounded too: it searches, and neither walks a table nor sorts.
    for (const plan of [...small.plans, ...large.plans]) expect(plan).toMatch(/^(SEARCH|SCALAR SUBQUERY)/)
  })

  it('[W1] in pages of 50 costs each page as much in both', async () => {
    const pages = async (room: SpaceId) => {
      const rows: number[] = []
      for (let ask = NEW; ; ) {
        const page = await counted(async () => (await world.backend.range(alice, room, askOf(ask), { ...BOUNDS, changesMax: 50 })).text)
        const { to, seal, head } = parsed(page.result)
        rows.push(page.rows)
        if (to === head) return rows
        ask = { version: to, seal }
      }
    }
    const [small, large] = [await pages(SMALL), await pages(LARGE)]
    expect(large).toEqual(small)
    expect(large).toHaveLength(5)
  })

  it('[W1] and a page of older messages costs what it holds', async () => {
    const floor = (await world.head(LARGE)).version - WINDOW
    const page = await counted(() => world.backend.older(alice, LARGE, 'messages', floor as never, { ...BOUNDS, changesMax: 50 }))
    expect(JSON.parse(page.result)).toMatchObject({ floor: floor - 50, docs: { length: 50 } })
    expect(page.rows).toBeLessThan(60)
    for (const plan of page.plans) expect(plan).toMatch(/^SEARCH/)
  })
})
