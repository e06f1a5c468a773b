import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { sqliteChangelog } from '@tidemark/server'
import { TEXT } from '../chat.ts'

const TENANT = 'default'
/** A checksum has this size; what it says is nobody's business here. */
const CHECKSUM = 3_405_691_582
const SEAL = '9f3a01c2'
const NONCE = '9f86d08188c0ffee'

/** The rows of a mutation that sends a message, written by node:sqlite and nothing else: same tables, indexes, sizes and durability. */
export class BareSqlite {
  readonly #db: DatabaseSync
  readonly #putSpace: StatementSync
  readonly #addCommit: StatementSync
  readonly #putDocument: StatementSync
  readonly #putClient: StatementSync
  readonly #addMutation: StatementSync
  readonly #versions = new Map<string, number>()

  private constructor(db: DatabaseSync) {
    this.#db = db
    const insert = (into: string, columns: string, values: number) =>
      db.prepare(`${into} (tenant, ${columns}) values (?${', ?'.repeat(values)})`)
    this.#putSpace = insert('insert or replace into spaces', 'space, version, seal, log_start, horizon, checksum', 6)
    this.#addCommit = insert('insert into commits', 'space, version, seal, at_ms, body_checksum, checksum, body', 7)
    this.#putDocument = insert('insert into documents', 'space, collection, id, version, created, creator, origin, checksum, doc', 9)
    this.#putClient = insert('insert or replace into clients', 'client, user, n, nonce, seen_ms, checksum', 6)
    this.#addMutation = insert('insert into mutations', 'client, n, nonce, at_ms, outcome, checksum', 6)
  }

  static async open(data: string): Promise<BareSqlite> {
    const file = join(data, 'tidemark.db')
    // The tables and indexes are those of the real one.
    await sqliteChangelog(file).close()
    const db = new DatabaseSync(file)
    db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -8192')
    return new BareSqlite(db)
  }

  begin(): void {
    this.#db.exec('begin immediate')
  }

  write({ room, user, client, n }: { room: string; user: string; client: string; n: number }): number {
    const nowMs = Date.now()
    const version = (this.#versions.get(room) ?? 0) + 1
    this.#versions.set(room, version)
    const id = `${client.slice(2, 18)}${version}`
    const doc = `{"text":"${TEXT}","author":"${user}","sentAtMs":${nowMs}}`
    const change = `{"v":${version},"c":"messages","id":"${id}","put":${doc}}`
    const body = `["${NONCE}",["messages","${user}",${change.length}]]\n${change}`
    this.#addCommit.run(TENANT, room, version, SEAL, nowMs, CHECKSUM, CHECKSUM, body)
    this.#putDocument.run(TENANT, room, 'messages', id, version, version, user, NONCE, CHECKSUM, doc)
    this.#putSpace.run(TENANT, room, version, SEAL, 0, 0, CHECKSUM)
    this.#addMutation.run(TENANT, client, n, NONCE, nowMs, `{"in":{"${room}":${version}}}`, CHECKSUM)
    this.#putClient.run(TENANT, client, user, n, NONCE, nowMs, CHECKSUM)
    return version
  }

  commit(): void {
    this.#db.exec('commit')
  }
}
