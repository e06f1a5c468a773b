import { MODERATION } from '@tidemark/shared'
import type { Place } from '../backend/mutation-draft.ts'

/** A document of the space `moderation`. */
export function placeIn(collection: string, id: string): Place {
  return { space: MODERATION, collection, id }
}
