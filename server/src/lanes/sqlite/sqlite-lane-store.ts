import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { UnavailableError } from '@tidemark/shared'
import { FORGET_STEP_MAX, ITEM_IDS_MAX, STORE_RETRY_MS } from '../bounds.ts'
import type { LanePlace } from '../lane-engine.ts'
import { laneKey } from '../lane-key.ts'
import type { KeptTicks, LaneStore, LeftSay } from '../lane-store.ts'
import { openLaneFile } from './open-lane-file.ts'

interface LaneRow {
  readonly id: number
  readonly newest: number
  readonly cleared_at_ms: number
  readonly cleared_tick: number
}

interface TextRow {
  readonly tick: number
  readonly checksum: number
  readonly text: string
}

/**
 * What lanes keep, in one SQLite file of its own, for one process: best beside the changelog's, never the same. It is opened when it is
 * needed first, so that a file which is damaged or in use costs lanes alone: `ready` says what is wrong, and tries again.
 */
export function sqliteLaneStore(file: string): LaneStore {
  if (file === '' || file === ':memory:') throw new TypeError('sqliteLaneStore needs a file; memoryLaneStore() needs none')
  let rows: LaneRows | undefined
  let isClosed = false

  function open(): LaneRows {
    if (isClosed) throw new UnavailableError('The store of lanes is closed.')
    rows ??= new LaneRows(openLaneFile(file))
    return rows
  }

  /** The messages of errors reach clients, what is wrong with a file only the log. */
  async function using<T>(work: (rows: LaneRows) => T): Promise<T> {
    try {
      return work(open())
    } catch (cause) {
      if (cause instanceof UnavailableError) throw cause
      throw new UnavailableError('Lanes cannot be kept now. Try again.', { cause, afterMs: STORE_RETRY_MS })
    }
  }

  return {
    async ready() {
      open()
    },
    append: (says, idsFromMs) =>
      using((rows) =>
        rows.transaction(() => {
          const idOf = rows.ids()
          const isNew = says.map(({ place, tick, by, id, atMs, text }) => {
            const lane = idOf(place)
            const isTaken = rows.run('insert or ignore into ids (lane, by, id, at_ms) values (?, ?, ?, ?)', lane, by, id, atMs) === 0
            if (!isTaken) rows.run('insert into says (lane, tick, checksum, text) values (?, ?, ?, ?)', lane, tick, crc32(text), text)
            return !isTaken
          })
          rows.forgetIds(idsFromMs, 2 * says.length)
          return isNew
        }),
      ),
    merge: (ticks) =>
      using((rows) =>
        rows.transaction(() => {
          const idOf = rows.ids()
          for (const { place, tick, text, clearedAtMs, kept } of ticks) {
            const lane = idOf(place)
            rows.run('delete from says where lane = ? and tick = ?', lane, tick)
            rows.run('update lanes set newest = max(newest, ?) where id = ?', tick, lane)
            if (clearedAtMs !== undefined)
              rows.run('update lanes set cleared_at_ms = ?, cleared_tick = ? where id = ?', clearedAtMs, tick, lane)
            if (text === undefined || (kept.ring === 0 && kept.archiveFrom > tick)) continue
            rows.run('insert or replace into ticks (lane, tick, checksum, text) values (?, ?, ?, ?)', lane, tick, crc32(text), text)
            rows.forget(lane, kept)
          }
        }),
      ),
    lane: (place, ring) =>
      using((rows) => {
        const lane = rows.lane(place)
        if (lane === undefined) return { newest: 0, clearedAtMs: 0, ticks: [] }
        const found = rows.all<TextRow>(
          'select tick, checksum, text from ticks where lane = ? and tick >= ? order by tick desc limit ?',
          lane.id,
          lane.cleared_tick,
          ring,
        )
        const ticks = found
          .filter(isWhole)
          .map(({ tick, text }) => ({ tick, text }))
          .reverse()
        return { newest: lane.newest, clearedAtMs: lane.cleared_at_ms, ticks }
      }),
    page: (place, from, to, charactersMax) =>
      using((rows) => {
        const texts: string[] = []
        let characters = 0
        const lane = rows.lane(place)?.id ?? null
        const select = 'select tick, checksum, text from ticks where lane = ? and tick >= ? and tick < ? order by tick'
        for (const row of rows.each<TextRow>(select, lane, from, to)) {
          characters += row.text.length
          if (texts.length > 0 && characters > charactersMax) break
          if (isWhole(row)) texts.push(row.text)
        }
        return texts
      }),
    left: (at, count) =>
      using((rows) => {
        type Row = LanePlace & TextRow & { readonly at: number }
        const select =
          'select at, tick, checksum, text, tenant, space, lanes.lane as lane from says join lanes on lanes.id = says.lane where at > ? order by at limit ?'
        return rows.all<Row>(select, at, count).map((row): LeftSay => {
          const { at, tick, text, tenant, space, lane } = row
          return { place: { tenant, space, lane }, at, tick, text: isWhole(row) ? text : undefined }
        })
      }),
    lanes: (after, count) =>
      using((rows) => {
        const from = after === undefined ? 0 : (rows.lane(after)?.id ?? 0)
        return rows
          .all<LanePlace>('select tenant, space, lane from lanes where id > ? order by id limit ?', from, count)
          .map(({ tenant, space, lane }) => ({ tenant, space, lane }))
      }),
    forget: (place, kept) =>
      using((rows) =>
        rows.transaction(() => {
          const lane = rows.lane(place)
          return lane === undefined || rows.forget(lane.id, kept) < FORGET_STEP_MAX
        }),
      ),
    async close() {
      isClosed = true
      rows?.close()
      rows = undefined
    },
  }
}

function isWhole({ text, checksum }: TextRow): boolean {
  return crc32(text) === checksum
}

class LaneRows {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  transaction<T>(work: () => T): T {
    // Left over where the engine could not even go back.
    if (this.#db.isTransaction) this.#db.exec('rollback')
    this.#statement('begin immediate').run()
    try {
      const result = work()
      this.#statement('commit').run()
      return result
    } catch (error) {
      try {
        if (this.#db.isTransaction) this.#db.exec('rollback')
      } catch {
        // The next transaction tries again; until then nothing of this one can be seen.
      }
      throw error
    }
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes)
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[]
  }

  each<Row>(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    return this.#statement(sql).iterate(...values) as Iterable<Row>
  }

  lane({ tenant, space, lane }: LanePlace): LaneRow | undefined {
    const select = 'select id, newest, cleared_at_ms, cleared_tick from lanes where tenant = ? and space = ? and lane = ?'
    return this.#statement(select).get(tenant, space, lane) as LaneRow | undefined
  }

  /** Numbers of lanes, asked for once in a transaction; a lane that has none is given one. */
  ids(): (place: LanePlace) => number {
    const known = new Map<string, number>()
    return (place) => {
      const key = laneKey(place)
      const id = known.get(key) ?? this.lane(place)?.id ?? this.#newLane(place)
      known.set(key, id)
      return id
    }
  }

  #newLane({ tenant, space, lane }: LanePlace): number {
    const insert = 'insert into lanes (tenant, space, lane, newest, cleared_at_ms, cleared_tick) values (?, ?, ?, 0, 0, 0)'
    return Number(this.#statement(insert).run(tenant, space, lane).lastInsertRowid)
  }

  forgetIds(idsFromMs: number, count: number): void {
    const ends = this.all<{ first: number | null; last: number | null }>(
      'select (select min(at) from ids) as first, (select max(at) from ids) as last',
    )[0]
    if (ends?.first == null || ends.last == null) return
    let upTo = ends.last - ITEM_IDS_MAX
    for (const { at, at_ms } of this.all<{ at: number; at_ms: number }>('select at, at_ms from ids order by at limit ?', count)) {
      if (at_ms >= idsFromMs) break
      upTo = Math.max(upTo, at)
    }
    if (upTo >= ends.first) this.run('delete from ids where at <= ?', upTo)
  }

  /** How many it forgot. */
  forget(lane: number, { ring, archiveFrom }: KeptTicks): number {
    const nth = this.all<{ tick: number }>('select tick from ticks where lane = ? order by tick desc limit 1 offset ?', lane, ring - 1)[0]
    const ringFrom = ring === 0 ? Number.POSITIVE_INFINITY : (nth?.tick ?? 0)
    const before = Math.min(ringFrom, archiveFrom, Number.MAX_SAFE_INTEGER)
    const forget = 'delete from ticks where rowid in (select rowid from ticks where lane = ? and tick < ? order by tick limit ?)'
    return this.run(forget, lane, before, FORGET_STEP_MAX)
  }

  close(): void {
    try {
      this.#db.exec('pragma wal_checkpoint(truncate)')
    } finally {
      this.#db.close()
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
