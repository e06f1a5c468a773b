import type { Observable } from 'rxjs'
import type { DocumentRow } from '../replica-api.ts'
import type { Condition } from './condition.ts'

/** What the replica knows of every document, and can be asked for like its fields. */
type Known = '$id' | '$v' | '$b' | '$p'

/** A field of a document: its name, or a path into objects, such as `author.name`, up to three names deep. */
export type FieldOf<Doc> = Known | PathIn<Doc, [1, 1]>
type PathIn<T, Depth extends readonly unknown[]> = T extends readonly unknown[]
  ? never
  : T extends object
    ? {
        [K in keyof T & string]: K | (Depth extends readonly [unknown, ...infer Rest] ? `${K}.${PathIn<NonNullable<T[K]>, Rest>}` : never)
      }[keyof T & string]
    : never

/** What stands in a field, of whichever kind of document has it. */
export type ValueOf<Doc, F extends string> = Doc extends unknown
  ? F extends keyof DocumentRow<Doc>
    ? DocumentRow<Doc>[F]
    : F extends `${infer K}.${infer Rest}`
      ? K extends keyof Doc
        ? ValueOf<NonNullable<Doc[K]>, Rest>
        : never
      : never
  : never

/** By field: the value that it has to equal, or a condition. All have to hold. */
export type Where<Doc> = { readonly [F in FieldOf<Doc>]?: ValueOf<Doc, F> | Condition<ValueOf<Doc, F> & {}> }

/** How a change moved a document in a result. */
export type QueueType = 'init' | 'enqueue' | 'dequeue' | 'update'

interface ChangeOf<Doc> {
  /** Of the snapshot that it came with. */
  readonly id: number
  readonly docId: string
  /** As it is now; as it was last, where it is gone. */
  readonly doc: DocumentRow<Doc>
}
/** Declared where there is none, so that they can be read before it is known what happened. */
interface WithoutFields {
  readonly updatedFields?: undefined
  readonly removedFields?: undefined
}
/** It is in the first result. */
export interface Initial<Doc> extends ChangeOf<Doc>, WithoutFields {
  readonly queueType: 'init'
  readonly dataType: 'init'
}
/** Some of its fields changed. */
export interface Updated<Doc> extends ChangeOf<Doc> {
  readonly queueType: 'update' | 'enqueue' | 'dequeue'
  readonly dataType: 'update'
  /** By path, such as `author.name`: what stands there now. */
  readonly updatedFields: { readonly [path: string]: unknown }
  readonly removedFields: readonly string[]
}
/** Nothing of it is as it was. */
export interface Replaced<Doc> extends ChangeOf<Doc>, WithoutFields {
  readonly queueType: 'update' | 'enqueue' | 'dequeue'
  readonly dataType: 'replace'
}
export interface Added<Doc> extends ChangeOf<Doc>, WithoutFields {
  readonly queueType: 'enqueue'
  readonly dataType: 'add'
}
export interface Removed<Doc> extends ChangeOf<Doc>, WithoutFields {
  readonly queueType: 'dequeue'
  readonly dataType: 'remove'
}
/** It is as it was; others, or the order, moved it across the limit. */
export interface Limited<Doc> extends ChangeOf<Doc>, WithoutFields {
  readonly queueType: 'enqueue' | 'dequeue'
  readonly dataType: 'limit'
}
/** One document's part in a snapshot. Names and pairs are those of CloudBase's watch. */
export type DocChange<Doc> = Initial<Doc> | Updated<Doc> | Replaced<Doc> | Added<Doc> | Removed<Doc> | Limited<Doc>

/** A result, and what made it differ from the one before. Frozen, documents included: whoever changes one works on a copy. */
export interface Snapshot<Doc> {
  /** Rises by one with each. */
  readonly id: number
  /** On the first one alone. */
  readonly type?: 'init'
  /** The whole result, in its order. A document that did not change is the same object as before. */
  readonly docs: readonly DocumentRow<Doc>[]
  readonly docChanges: readonly DocChange<Doc>[]
}

export interface WatchListener<Doc> {
  /** The present result first, then one call for each batch of commits that changed it. */
  onChange(snapshot: Snapshot<Doc>): void
  /** Why the watch is over, at most once. */
  onError(error: Error): void
}

export interface Watch {
  /** Nothing is called any more. Any number of times, in any state. */
  close(): void
}

/** What can be watched. */
export interface Watchable<Doc> {
  watch(listener: WatchListener<Doc>): Watch
  /** Snapshots, as `watch` gives them. Completes with the replica. */
  readonly snapshots$: Observable<Snapshot<Doc>>
  /** The present result first, then each that differs. Shared by all that ask the same; completes with the replica. */
  readonly docs$: Observable<readonly DocumentRow<Doc>[]>
  /** What the same question was answered last, while anybody watches it. */
  readonly current: Snapshot<Doc> | undefined
  /** Equal for two that ask the same of the same replica. */
  readonly key: string
  get(): Promise<readonly DocumentRow<Doc>[]>
}

/** A question to one collection of one space. A value: each call makes another. */
export interface Query<Doc> extends Watchable<Doc> {
  /** Besides what was asked before. */
  where(conditions: Where<Doc>): Query<Doc>
  /** Besides what was asked before. Give the same function again for it to count as the same question. */
  filter(test: (doc: DocumentRow<Doc>) => boolean): Query<Doc>
  /** Within the order that was asked before. Ties, and what was not ordered, go by creation. */
  orderBy(field: FieldOf<Doc> & string, direction?: 'asc' | 'desc'): Query<Doc>
  /** At most so many, of the order's beginning. */
  limit(count: number): Query<Doc>
}

/** One document, whether it is there or not. */
export interface DocumentRef<Doc> {
  readonly id: string
  get(): Promise<DocumentRow<Doc> | undefined>
  /** The present first, undefined where there is none, then each change. */
  readonly $: Observable<DocumentRow<Doc> | undefined>
  /** `docs` has one document or none. */
  watch(listener: WatchListener<Doc>): Watch
  /** As of a query for this document alone. */
  readonly query: Query<Doc>
}

/** What a collection of a space has beside Dexie's collections. */
export interface Watched<Doc> extends Omit<Watchable<Doc>, 'get'> {
  where(conditions: Where<Doc>): Query<Doc>
  filter(test: (doc: DocumentRow<Doc>) => boolean): Query<Doc>
  orderBy(field: FieldOf<Doc> & string, direction: 'asc' | 'desc'): Query<Doc>
  limit(count: number): Query<Doc>
  doc(id: string): DocumentRef<Doc>
  /** Each batch of changes of the collection from now on; nothing of what is there already. */
  readonly changes$: Observable<readonly DocChange<Doc>[]>
}
