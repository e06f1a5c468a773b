import {
  BadRequestError,
  BUILT_IN,
  type BuiltIn,
  type CollectionDefinition,
  conform,
  ForbiddenError,
  InvalidError,
  type JsonObject,
  NotFoundError,
  RejectedError,
  type SpaceId,
  sameJson,
  validate,
} from '@tidemark/shared'
import type { Drafted, MutationDraft, Place } from './mutation-draft.ts'

/** On whose behalf something is written. Presets bind users; a backend is trusted like the app's own mutators. */
export interface Author {
  /** Who has created what is created; `''`: nobody. */
  readonly user: string
  readonly isTrusted: boolean
  /** May change what others have created, where they may see it. */
  readonly isAdmin: boolean
}

/**
 * Runs `put`, `patch` or `delete` under the presets of the collection, which do not bind an author who is trusted. Where the user cannot see a document, the answer is the one
 * for a document that does not exist, but for an id that is taken: no message tells whose, or what else it holds.
 */
export async function runBuiltIn(draft: MutationDraft, name: BuiltIn, space: SpaceId, args: JsonObject, by: Author): Promise<void> {
  switch (name) {
    case 'put': {
      const { c, id, doc } = argsOf('put', args)
      const { place, definition, existing, isVisible } = await target(draft, space, c, id, by)
      // Before anything is said about what is there, so that what is wrong with a document never depends on that.
      const after = validate(definition.schema, doc, c)
      if (existing !== undefined && !isVisible) throw new RejectedError(`This id is taken in ${c}.`)
      assertWritable(definition, c, existing, by)
      assertCreatorField(definition, c, existing, after, by)
      return draft.put(place, doc)
    }
    case 'patch': {
      const { c, id, ...patch } = argsOf('patch', args)
      const { place, definition, existing, isVisible } = await target(draft, space, c, id, by)
      if (existing === undefined || !isVisible) throw new RejectedError(`There is no such document in ${c}.`)
      assertWritable(definition, c, existing, by)
      await draft.patch(place, patch)
      const after = await draft.get(place)
      if (after !== undefined) assertCreatorField(definition, c, existing, after.doc, by)
      return
    }
    case 'delete': {
      const { c, id } = argsOf('delete', args)
      const { place, definition, existing, isVisible } = await target(draft, space, c, id, by)
      if (existing === undefined || !isVisible) return
      assertWritable(definition, c, existing, by)
      return draft.delete(place)
    }
  }
}

interface Target {
  readonly place: Place
  readonly definition: CollectionDefinition
  readonly existing: Drafted | undefined
  readonly isVisible: boolean
}

async function target(draft: MutationDraft, space: SpaceId, collection: string, id: string, by: Author): Promise<Target> {
  const { collections } = draft.definition(space)
  const definition = Object.hasOwn(collections, collection) ? collections[collection] : undefined
  if (definition === undefined) throw new NotFoundError(`There is no collection ${collection} in this kind of space.`)
  if (definition.write === 'none' && !by.isTrusted) throw new ForbiddenError(`${collection} is written by mutators of the app only.`)
  const place = { space, collection, id }
  const existing = await draft.get(place)
  const isVisible = by.isTrusted || definition.read === 'space' || (definition.read === 'creator' && existing?.creator === by.user)
  return { place, definition, existing, isVisible }
}

function assertWritable({ write }: CollectionDefinition, collection: string, existing: Drafted | undefined, by: Author): void {
  if (!by.isTrusted && !by.isAdmin && write === 'creator' && existing !== undefined && existing.creator !== by.user)
    throw new ForbiddenError(`Only who created a document of ${collection} may change it.`)
}

/** The field that names the creator: set only to oneself, never changed. */
function assertCreatorField(
  { creatorField }: CollectionDefinition,
  collection: string,
  existing: Drafted | undefined,
  after: JsonObject,
  by: Author,
): void {
  if (creatorField === undefined || by.isTrusted) return
  const must = existing === undefined ? by.user : (existing.doc[creatorField] ?? null)
  if (sameJson(after[creatorField] ?? null, must)) return
  throw new ForbiddenError(
    existing === undefined
      ? `${collection}.${creatorField} can only name yourself.`
      : `${collection}.${creatorField} can never be changed.`,
  )
}

function argsOf<N extends BuiltIn>(name: N, args: JsonObject): ReturnType<typeof conform<(typeof BUILT_IN)[N]>> {
  try {
    return conform(BUILT_IN[name], args, 'args')
  } catch (error) {
    if (error instanceof BadRequestError) throw new InvalidError(error.message)
    throw error
  }
}
