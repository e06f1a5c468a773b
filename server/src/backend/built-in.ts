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

/**
 * Runs `put`, `patch` or `delete` under the presets of the collection. Where the user cannot see a document, the answer is the one
 * for a document that does not exist, but for an id that is taken: no message tells whose, or what else it holds.
 */
export async function runBuiltIn(draft: MutationDraft, name: BuiltIn, space: SpaceId, args: JsonObject, user: string): Promise<void> {
  switch (name) {
    case 'put': {
      const { c, id, doc } = argsOf('put', args)
      const { place, definition, existing, isVisible } = await target(draft, space, c, id, user)
      // Before anything is said about what is there, so that what is wrong with a document never depends on that.
      const after = validate(definition.schema, doc, c)
      if (existing !== undefined && !isVisible) throw new RejectedError(`This id is taken in ${c}.`)
      assertWritable(definition, c, existing, user)
      assertCreatorField(definition, c, existing, after, user)
      return draft.put(place, doc)
    }
    case 'patch': {
      const { c, id, ...patch } = argsOf('patch', args)
      const { place, definition, existing, isVisible } = await target(draft, space, c, id, user)
      if (existing === undefined || !isVisible) throw new RejectedError(`There is no such document in ${c}.`)
      assertWritable(definition, c, existing, user)
      await draft.patch(place, patch)
      const after = await draft.get(place)
      if (after !== undefined) assertCreatorField(definition, c, existing, after.doc, user)
      return
    }
    case 'delete': {
      const { c, id } = argsOf('delete', args)
      const { place, definition, existing, isVisible } = await target(draft, space, c, id, user)
      if (existing === undefined || !isVisible) return
      assertWritable(definition, c, existing, user)
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

async function target(draft: MutationDraft, space: SpaceId, collection: string, id: string, user: string): Promise<Target> {
  const { collections } = draft.definition(space)
  const definition = Object.hasOwn(collections, collection) ? collections[collection] : undefined
  if (definition === undefined) throw new NotFoundError(`There is no collection ${collection} in this kind of space.`)
  if (definition.write === 'none') throw new ForbiddenError(`${collection} is written by mutators of the app only.`)
  const place = { space, collection, id }
  const existing = await draft.get(place)
  const isVisible = definition.read === 'space' || (definition.read === 'creator' && existing?.creator === user)
  return { place, definition, existing, isVisible }
}

function assertWritable({ write }: CollectionDefinition, collection: string, existing: Drafted | undefined, user: string): void {
  if (write === 'creator' && existing !== undefined && existing.creator !== user)
    throw new ForbiddenError(`Only who created a document of ${collection} may change it.`)
}

/** The field that names the creator: set only to oneself, never changed. */
function assertCreatorField(
  { creatorField }: CollectionDefinition,
  collection: string,
  existing: Drafted | undefined,
  after: JsonObject,
  user: string,
): void {
  if (creatorField === undefined) return
  const must = existing === undefined ? user : (existing.doc[creatorField] ?? null)
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
