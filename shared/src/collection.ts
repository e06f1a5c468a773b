import type { StandardSchemaV1 } from '@standard-schema/spec'

/** Who, of those whom access lets into a space: everyone with that access, only the document's creator, or nobody but mutators. */
export type Preset = 'space' | 'creator' | 'none'

export interface CollectionOptions<Field extends string = string, Index extends Field = Field> {
  /** Top-level fields by which a replica finds and orders documents fast. */
  readonly indexes?: readonly Index[]
  /** Documents of the first sync, the newest by creation; the rest is paged in. Unset: all. */
  readonly window?: number
  /** Who reads. Default `space`. */
  readonly read?: Preset & string
  /** Who writes with the built-in mutators; mutators of the app are trusted. `creator`: who may write to the space creates, only the creator changes. Default `space`. */
  readonly write?: Preset & string
  /** A field that always names the document's creator, as the server recorded them: set only to oneself, never changed. */
  readonly creatorField?: Field
}

/** One collection of a kind. `_document` exists only as a type. */
export interface CollectionDefinition<Doc = unknown, Index extends string = string> {
  readonly schema: StandardSchemaV1
  readonly indexes: readonly Index[]
  readonly window: number | undefined
  readonly read: Preset
  readonly write: Preset
  readonly creatorField: string | undefined
  readonly _document?: Doc
}

export type Collections = Readonly<Record<string, CollectionDefinition>>
export type DocumentOf<C> = C extends CollectionDefinition<infer Doc> ? Doc : never
/** The fields by which it is indexed. */
export type IndexOf<C> = C extends CollectionDefinition<unknown, infer Index> ? Index : never

/** Defines a collection by any Standard Schema (valibot, zod, arktype); it must validate synchronously. */
export function collection<S extends StandardSchemaV1, const Index extends keyof StandardSchemaV1.InferOutput<S> & string = never>(
  schema: S,
  options: CollectionOptions<keyof StandardSchemaV1.InferOutput<S> & string, Index> = {},
): CollectionDefinition<StandardSchemaV1.InferOutput<S>, NoInfer<Index>> {
  return {
    schema,
    indexes: options.indexes ?? [],
    window: options.window,
    read: options.read ?? 'space',
    write: options.write ?? 'space',
    creatorField: options.creatorField,
  }
}
