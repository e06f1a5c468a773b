import type { MemoryStorage } from '@tidemark/client/testing'
import type { SpaceId } from '@tidemark/shared'

/** A document as a copy holds it: with the versions of its last change and of its creation. */
export interface Held {
  readonly doc: Readonly<Record<string, unknown>>
  readonly v: number
  readonly b: number
}

/** One copy, as its rows say. */
export interface CopyOnDisk {
  readonly version: number
  readonly seal: string
  /** False inside a run, and while another beginning is built beside it. */
  readonly whole: boolean
  readonly floors: Readonly<Record<string, number>>
  /** `collection id` to document, without what is pending. */
  readonly documents: ReadonlyMap<string, Held>
}

export type Rows = Readonly<Record<string, readonly any[]>>

/** What lies on a disk; read again only when something on it has changed. */
export class Disk {
  readonly #storage: MemoryStorage
  #rows: Rows | undefined

  constructor(storage: MemoryStorage) {
    this.#storage = storage
    storage.onChange(() => {
      this.#rows = undefined
    })
  }

  get rows(): Rows {
    this.#rows ??= JSON.parse(this.#storage.dump()) as Rows
    return this.#rows
  }
}

function* documentsOf(rows: Rows, space: SpaceId, s: number): Generator<readonly [string, Held]> {
  const kind = space.split(':')[0]
  for (const [table, list] of Object.entries(rows)) {
    if (!table.startsWith(`${kind}_`)) continue
    for (const { $k, $s, $id, $v, $b, $p, ...doc } of list)
      if ($s === s) yield [`${table.slice(`${kind}_`.length)} ${$id}`, { doc, v: $v, b: $b }]
  }
}

export function copyOnDisk({ rows }: Disk, space: SpaceId): CopyOnDisk | undefined {
  const copy = rows.copies?.find((row) => row.space === space)
  if (copy === undefined) return undefined
  const documents = new Map(documentsOf(rows, space, copy.$s))
  const kind = space.split(':')[0]
  for (const { s, table, id, at } of rows.base ?? []) {
    if (s !== copy.$s) continue
    const key = `${table.slice(`${kind}_`.length)} ${id}`
    if (at === undefined) documents.delete(key)
    else documents.set(key, at)
  }
  const { version, seal, whole, floors = {}, next } = copy
  return { version, seal, whole: whole && next === undefined, floors, documents }
}

export function shownOnDisk({ rows }: Disk, space: SpaceId): Readonly<Record<string, unknown>> {
  const copy = rows.copies?.find((row) => row.space === space)
  return Object.fromEntries(Array.from(documentsOf(rows, space, copy?.$s ?? -1), ([key, { doc }]) => [key, doc]))
}
