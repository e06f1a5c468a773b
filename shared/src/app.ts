import type { StandardSchemaV1 } from '@standard-schema/spec'
import { isBuiltIn } from './builtin.ts'
import type { Collections } from './collection.ts'
import { type Lanes, PRESENCE_LANE } from './lane.ts'
import { isCollectionName } from './names.ts'
import { isSpaceId } from './space-id.ts'
import { TAKEN_NAMES, type Transaction } from './transaction.ts'

/** A write by name: runs on the device at once, and on the server, which decides. Arguments are JSON objects. */
export type Mutator<C extends Collections, Args> = (tx: Transaction<C>, args: Args) => void | Promise<void>

/** Whether the server tells who follows a space: how many, or where they are few also who. */
export type PresenceOption = 'count' | 'who'

/** One kind of space, as `space()` makes it. `_args` exists only as a type. */
export interface SpaceDefinition<
  C extends Collections = Collections,
  A = object,
  L extends Lanes = Lanes,
  P extends PresenceOption | undefined = PresenceOption | undefined,
> {
  readonly collections: C
  readonly lanes: L
  readonly presence: P
  readonly mutators: Readonly<Record<string, Mutator<Collections, never>>>
  readonly args: Readonly<Record<string, StandardSchemaV1>>
  /** Mutators whose mutations open no radio: they leave with the next frame. */
  readonly canWait: readonly string[]
  /** It comes with the library, under a name that no kind of an app's own can have. */
  readonly isServersOwn?: true
  readonly _args?: A
}

/** The kind that a server adds where the app has lanes: `moderationSpace`. */
export const MODERATION = 'moderation'

export type Spaces = Readonly<Record<string, SpaceDefinition>>

/** What both ends share. `version` is the app's own; it goes into `hello`. */
export interface App<S extends Spaces = Spaces> {
  readonly version: string
  readonly spaces: S
}

export type KindOf<A extends App> = keyof A['spaces'] & string
export type CollectionsOf<A extends App, K extends KindOf<A>> = A['spaces'][K]['collections']
/** Lane name to its definition. */
export type LanesOf<A extends App, K extends KindOf<A>> = A['spaces'][K]['lanes']
/** Mutator name to its arguments. */
export type ArgsOf<A extends App, K extends KindOf<A>> =
  A['spaces'][K] extends SpaceDefinition<Collections, infer Args, Lanes> ? Args : never
/** The ids that an app's spaces can have: `user:alice`, or `kind` alone. */
export type SpaceIdOf<A extends App> = KindOf<A> | `${KindOf<A>}:${string}`
/** The kind of an id that is known at compile time. */
export type KindOfId<A extends App, Id extends string> = Id extends `${infer K}:${string}` ? K & KindOf<A> : Id & KindOf<A>

// biome-ignore lint/complexity/noBannedTypes: a kind without collections, or without lanes, has none by name.
type None = {}

/**
 * Defines one kind of space. A mutator's `tx` is typed by the collections beside it; annotate its arguments, and give their
 * schema in `args` where they are more than what the documents' schemas check.
 */
export function space<
  C extends Collections = None,
  A = object,
  L extends Lanes = None,
  P extends PresenceOption | undefined = undefined,
>(definition: {
  readonly collections?: C
  /** What many say and a few may miss: bullet comments, reactions, typing. See the guide. */
  readonly lanes?: L
  /** Whether `space.presence$` tells how many are there (`count`), and where they are few who (`who`): once a second at most. */
  readonly presence?: P
  readonly mutators?: { readonly [N in keyof A]: Mutator<C, A[N]> }
  readonly args?: { readonly [N in keyof NoInfer<A>]?: StandardSchemaV1<unknown, NoInfer<A>[N]> }
  /** Mutators that nobody waits for, such as a read marker: see the guide. */
  readonly canWait?: readonly string[]
}): SpaceDefinition<C, A, NoInfer<L>, NoInfer<P>> {
  return {
    collections: definition.collections ?? ({} as C),
    lanes: definition.lanes ?? ({} as L),
    presence: definition.presence as P,
    mutators: (definition.mutators ?? {}) as SpaceDefinition['mutators'],
    args: (definition.args ?? {}) as SpaceDefinition['args'],
    canWait: definition.canWait ?? [],
  }
}

/** Checks the names and hands the definition on. Throws TypeError, naming what to change. */
export function defineApp<const S extends Spaces>(app: { readonly version: string; readonly spaces: S }): App<S> {
  for (const [kind, definition] of Object.entries(app.spaces)) {
    if (!isSpaceId(kind) || kind.includes(':')) throw new TypeError(`space kind ${kind}: lower-case letters, digits and - only, at most 32`)
    if (kind === MODERATION && !definition.isServersOwn) throw new TypeError(`space kind ${kind}: ${kind} is taken, choose another name`)
    const { collections, lanes } = definition
    for (const [what, named] of Object.entries({ collection: collections, lane: lanes }))
      for (const name of Object.keys(named)) {
        if (!isCollectionName(name))
          throw new TypeError(`${what} ${kind}.${name}: a lower-case letter, then letters, digits and _ only, at most 64`)
        if (named === lanes ? name === PRESENCE_LANE : TAKEN_NAMES.includes(name))
          throw new TypeError(`${what} ${kind}.${name}: ${name} is taken, choose another name`)
      }
    for (const [name, { indexes, window }] of Object.entries(collections)) {
      if (window !== undefined && !(Number.isSafeInteger(window) && window > 0))
        throw new TypeError(`collection ${kind}.${name}: window must be a positive whole number`)
      for (const field of indexes)
        if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(field))
          throw new TypeError(`collection ${kind}.${name}: index ${field} is not a plain field name`)
    }
    for (const name of Object.keys(definition.mutators)) {
      if (isBuiltIn(name)) throw new TypeError(`mutator ${kind}.${name}: ${name} is built in, choose another name`)
    }
    for (const name of definition.canWait)
      if (!Object.hasOwn(definition.mutators, name)) throw new TypeError(`canWait of ${kind}: it has no mutator ${name}`)
  }
  return app
}
