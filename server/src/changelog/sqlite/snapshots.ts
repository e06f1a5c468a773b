import type { DatabaseSync } from 'node:sqlite'
import { UnavailableError } from '@tidemark/shared'
import { fromEngine } from './engine-error.ts'
import type { SqliteRows } from './sqlite-rows.ts'

/** Connections that read, and with that moments that can be open at one time. */
const CONNECTIONS_MAX = 4
/** Reads that wait for one of them. */
const WAITING_MAX = 10_000

interface Connection {
  readonly db: DatabaseSync
  readonly rows: SqliteRows
}

interface Reader extends Connection {
  users: number
}

interface Waiting {
  readonly resolve: (reader: Reader) => void
  readonly reject: (error: unknown) => void
}

/**
 * Hands out moments to read. Those who come between two commits share one: it shows all that was committed when they came.
 * A moment that nobody uses is closed at once, so that it holds no part of the write-ahead log back.
 */
export class Snapshots {
  readonly #open: () => Connection
  readonly #idle: Reader[] = []
  #waiting: Waiting[] = []
  #connections = 0
  #current: Reader | undefined
  #closing: (() => void) | undefined

  constructor(open: () => Connection) {
    this.#open = open
  }

  /** After a commit: who reads from now on sees it. */
  outdate(): void {
    this.#current = undefined
  }

  async read<T>(work: (rows: SqliteRows) => Promise<T>): Promise<T> {
    const reader = await this.#acquire()
    try {
      return await work(reader.rows)
    } finally {
      this.#release(reader)
    }
  }

  /** Takes nothing more; resolves when the last read is done and the connections are closed. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#closing = resolve
    })
    for (const reader of this.#idle.splice(0)) this.#discard(reader)
    if (this.#connections === 0) this.#closing?.()
    await closed
  }

  async #acquire(): Promise<Reader> {
    if (this.#closing !== undefined) throw new UnavailableError('The changelog is closed.')
    if (this.#current === undefined && this.#idle.length === 0 && this.#connections === CONNECTIONS_MAX) {
      if (this.#waiting.length >= WAITING_MAX) throw new UnavailableError('Too many reads wait for the changelog.', { afterMs: 1000 })
      return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
    }
    this.#current ??= this.#begin(this.#idle.pop())
    this.#current.users += 1
    return this.#current
  }

  #begin(idle: Reader | undefined): Reader {
    try {
      const reader = idle ?? { ...this.#open(), users: 0 }
      if (idle === undefined) this.#connections += 1
      try {
        // It sees the moment of its first read, which is no earlier than that of who asked for it.
        reader.db.exec('begin')
        return reader
      } catch (error) {
        this.#discard(reader)
        throw error
      }
    } catch (error) {
      throw fromEngine(error, 'probe')
    }
  }

  #release(reader: Reader): void {
    reader.users -= 1
    if (reader.users > 0) return
    if (this.#current === reader) this.#current = undefined
    if (this.#end(reader)) this.#idle.push(reader)
    if (this.#waiting.length > 0) this.#serveWaiting()
    else if (this.#closing !== undefined) for (const idle of this.#idle.splice(0)) this.#discard(idle)
  }

  /** All who wait share the moment that is opened now. */
  #serveWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    try {
      this.#current ??= this.#begin(this.#idle.pop())
      this.#current.users += waiting.length
      for (const { resolve } of waiting) resolve(this.#current)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }

  /** False where the connection could not be kept. */
  #end(reader: Reader): boolean {
    try {
      reader.db.exec('commit')
      return true
    } catch {
      // A read has nothing to lose: the next one opens a fresh connection.
      this.#discard(reader)
      return false
    }
  }

  #discard(reader: Reader): void {
    reader.db.close()
    this.#connections -= 1
    if (this.#connections === 0) this.#closing?.()
  }
}
