import { type Clock, type Json, type SpaceId, sameJson } from '@tidemark/shared'
import { oneAtATime } from '../one-at-a-time.ts'
import { documentKey, keysOf, tableOf } from '../replica/rows.ts'
import type { ChangeListener, KeyRange, ReplicaStorage } from '../replica/storage.ts'
import { StorageError } from '../replica/storage-error.ts'
import { changedFields } from './changed-fields.ts'
import type { DocumentFields } from './field.ts'
import type { DocumentChange } from './result.ts'

/** What a mirror is of: a collection of a space, or one document of it. */
export interface Mirrored {
  readonly space: SpaceId
  readonly collection: string
  readonly id?: string | undefined
}
export interface MirrorPorts {
  readonly read: ReplicaStorage['read']
  readonly clock: Clock
  shownAs(space: SpaceId): number
  /** There is something to take. */
  changed(): void
  /** It will not be read any more. */
  failed(error: unknown): void
}

/** The documents of the copy that is shown, in memory, each the same object for all that watch it, and frozen. */
export interface Mirror {
  readonly docs: ReadonlyMap<string, DocumentFields>
  /** False until it was read once. */
  readonly isRead: boolean
  /** True when it holds the copy that is shown, or that there is none. */
  readonly isPresent: boolean
  /** After a commit. Own ones are taken as they are; what others changed is read. */
  readonly heard: ChangeListener
  /** Another copy is shown. */
  shown(): void
  /** What changed since the last call. */
  take(): readonly DocumentChange[]
  close(): void
}

/** Of more documents that others changed the whole collection is read again. */
const KEYS_READ_MAX = 1_000
/** When a read that the storage failed is tried again, in ms, unless something changes before; and how often. */
export const READ_AGAIN_MS = 5_000
export const READ_TRIES_MAX = 12

export function openMirror({ space, collection, id: only }: Mirrored, { read, clock, shownAs, changed, failed }: MirrorPorts): Mirror {
  const table = tableOf(space, collection)
  const docs = new Map<string, DocumentFields>()
  /** Those that changed since the last `take`, as they were then. */
  let earlier = new Map<string, DocumentFields | undefined>()
  /** `$s` of the copy that `docs` are of. */
  let held: number | undefined
  /** What has to be read again. */
  let stale: Set<string> | 'all' = 'all'
  /** While something is read: what own commits are told to have written since it began, which may have seen less, or more. */
  let newer: Map<string, DocumentFields | undefined> | undefined
  let tries = 0
  let cancelRetry: (() => void) | undefined
  let closed = false

  function put(id: string, row: DocumentFields | undefined): void {
    const old = docs.get(id)
    if (isSame(old, row)) return
    if (!earlier.has(id)) earlier.set(id, old)
    if (row) docs.set(id, deepFrozen(row))
    else docs.delete(id)
    changed()
  }
  function wrote(key: string, row: DocumentFields | undefined): void {
    const id = idIn(key)
    if (id === undefined) return
    newer?.set(id, row)
    if (held === shownAs(space)) put(id, row)
  }
  /** The document of this mirror that a primary key belongs to. */
  function idIn(key: unknown): string | undefined {
    const prefix = documentKey(shownAs(space), '')
    if (typeof key !== 'string' || !key.startsWith(prefix)) return undefined
    const id = key.slice(prefix.length)
    return only === undefined || only === id ? id : undefined
  }
  function isTouched({ from, to }: KeyRange): boolean {
    const all = range(shownAs(space))
    return (from === undefined || from <= (all.to as string)) && (to === undefined || to >= (all.from as string))
  }
  function range(s: number): KeyRange {
    if (only === undefined) return keysOf(s)
    return { from: documentKey(s, only), to: documentKey(s, only) }
  }

  async function readStale(): Promise<void> {
    const s = shownAs(space)
    const ids = s === held ? stale : 'all'
    if (closed || (ids !== 'all' && ids.size === 0)) return
    stale = new Set()
    newer = new Map()
    let found: Map<string, DocumentFields | undefined>
    try {
      found = s === 0 ? new Map() : await documentsOf(s, ids)
      tries = 0
      for (const [id, row] of newer) {
        // Nobody can tell which of the two came last.
        if ((ids === 'all' || ids.has(id)) && !isSame(found.get(id), row)) readAlso(id)
        found.set(id, row)
      }
    } catch (error) {
      stale = 'all'
      readAgain(error)
      return
    } finally {
      newer = undefined
    }
    if (closed) return
    // Another copy has come meanwhile.
    if (s !== shownAs(space)) return readSoon()
    if (ids === 'all') for (const id of docs.keys()) if (!found.has(id)) put(id, undefined)
    for (const [id, row] of found) put(id, row)
    if (s === held) return
    held = s
    changed()
  }
  async function documentsOf(s: number, ids: typeof stale): Promise<Map<string, DocumentFields | undefined>> {
    return read([table], async (tx) => {
      if (ids === 'all') return new Map(((await tx.list(table, range(s))) as unknown as DocumentFields[]).map((row) => [row.$id, row]))
      const keys = [...ids]
      const rows = (await tx.getMany(
        table,
        keys.map((id) => documentKey(s, id)),
      )) as (DocumentFields | undefined)[]
      return new Map(keys.map((id, at) => [id, rows[at]]))
    })
  }
  /** A storage that heals is waited for; the status tells of it meanwhile. */
  function readAgain(error: unknown): void {
    if (closed || cancelRetry) return
    if (!(error instanceof StorageError) || tries === READ_TRIES_MAX) failed(error)
    else
      cancelRetry = clock.after(READ_AGAIN_MS, () => {
        cancelRetry = undefined
        tries++
        readSoon()
      })
  }
  function readAlso(id: string): void {
    if (stale !== 'all') stale.add(id)
    readSoon()
  }
  const readSoon = oneAtATime(readStale)
  readSoon()

  return {
    docs,
    get isRead() {
      return held !== undefined
    },
    get isPresent() {
      return held === shownAs(space) && stale !== 'all'
    },
    heard(tables, own, within) {
      if (!tables.includes(table)) return
      for (const write of own ?? []) {
        if (write.table !== table) continue
        if ('put' in write) for (const row of write.put) wrote(row.$k as string, row as DocumentFields)
        else if ('delete' in write) for (const key of write.delete) wrote(key as string, undefined)
        else if (isTouched(write.deleteRange)) stale = 'all'
      }
      for (const keys of own ? [] : (within?.(table) ?? [{}])) {
        const isOne = keys.from !== undefined && keys.from === keys.to
        const id = isOne ? idIn(keys.from) : undefined
        if (stale === 'all') break
        if (id !== undefined) stale.add(id)
        if (stale.size > KEYS_READ_MAX || (!isOne && isTouched(keys))) stale = 'all'
      }
      // Once all is known: what one commit changed is read at once.
      readSoon()
    },
    shown: readSoon,
    take() {
      const changes = Array.from(earlier, ([id, before]): DocumentChange => {
        const after = docs.get(id)
        let fields: DocumentChange['fields'] | null = null
        return {
          before,
          after,
          get fields() {
            if (fields === null) fields = before && after && changedFields(before, after)
            return fields
          },
        }
      })
      earlier = new Map()
      return changes.filter(({ before, after }) => before !== after)
    },
    close() {
      closed = true
      cancelRetry?.()
    },
  }
}

/** Of which copy it is makes no difference to who watches it. */
function isSame(a: DocumentFields | undefined, b: DocumentFields | undefined): boolean {
  if (!a || !b) return a === b
  return sameJson(a as unknown as Json, (a.$s === b.$s ? b : { ...b, $s: a.$s, $k: a.$k }) as unknown as Json)
}

/** The value itself, which nobody can change any more. */
function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const item of Object.values(value)) deepFrozen(item)
  return Object.freeze(value)
}
