import {
  type App,
  deltaOf,
  InvalidError,
  isDocumentId,
  isSpaceId,
  type JsonObject,
  kindOf,
  NotFoundError,
  type Patch,
  RejectedError,
  type SpaceDefinition,
  type SpaceId,
  sameJson,
  TooLargeError,
  toJson,
  validate,
  withDelta,
} from '@tidemark/shared'
import type { NewChange, ReadTransaction, StoredDocument } from '../changelog/changelog.ts'
import { COMPARED_MAX, MUTATION_BYTES_MAX, MUTATION_SPACES_MAX } from './bounds.ts'

/** Where a document lives. */
export interface Place {
  readonly space: SpaceId
  readonly collection: string
  readonly id: string
}

/** A document as a mutation sees it, its own writes included. */
export interface Drafted {
  readonly doc: JsonObject
  /** Who created it, as the server recorded them. */
  readonly creator: string
}

interface Written {
  readonly place: Place
  /** What the changelog holds, where that is alive. */
  readonly base: StoredDocument | undefined
  /** What the mutation made of it, as JSON; undefined: deleted. */
  text: string | undefined
  /** Some write was more than a patch. */
  isReplaced: boolean
  /** Deleted and created again. */
  isRecreated: boolean
}

/**
 * The writes of one mutation, kept apart from the changelog until the mutator has ended: several writes to one document become
 * one change, and code that goes on after its end writes nowhere. Once closed, every call throws.
 */
export class MutationDraft {
  readonly #tx: ReadTransaction
  readonly #app: App
  readonly #user: string
  readonly #written = new Map<string, Written>()
  /** Of the spaces that were named so far. */
  readonly #definitions = new Map<SpaceId, SpaceDefinition>()
  #bytes = 0
  #isOpen = true
  /** What the changelog threw at a read, whatever the mutator made of it. */
  trouble: unknown

  constructor(tx: ReadTransaction, app: App, user: string) {
    this.#tx = tx
    this.#app = app
    this.#user = user
  }

  close(): void {
    this.#isOpen = false
  }

  /** The definition of a space's kind. Throws NotFoundError, naming the kind; InvalidError for what is no space id. */
  definition(space: SpaceId): SpaceDefinition {
    const found = this.#definitions.get(space)
    if (found !== undefined) return found
    if (!isSpaceId(space)) throw new InvalidError('not a space id')
    const kind = kindOf(space)
    const definition = Object.hasOwn(this.#app.spaces, kind) ? this.#app.spaces[kind] : undefined
    if (definition === undefined) throw new NotFoundError(`There is no space kind ${kind}.`)
    this.#definitions.set(space, definition)
    return definition
  }

  async get(place: Place): Promise<Drafted | undefined> {
    const { text, base } = await this.#look(place)
    return text === undefined ? undefined : { doc: JSON.parse(text) as JsonObject, creator: base?.creator ?? this.#user }
  }

  /** Throws RejectedError when the id exists, visible to the user or not. */
  async create(place: Place, doc: unknown): Promise<void> {
    const valid = this.#validate(place, doc)
    const written = await this.#look(place)
    if (written.text !== undefined) throw new RejectedError(`This id is taken in ${place.collection}.`)
    this.#write(written, valid, true)
  }

  /** Creates or replaces. */
  async put(place: Place, doc: unknown): Promise<void> {
    const valid = this.#validate(place, doc)
    this.#write(await this.#look(place), valid, true)
  }

  /** Throws RejectedError when there is no such document. */
  async patch(place: Place, patch: Patch): Promise<void> {
    const checked = asJson(patch)
    const written = await this.#look(place)
    if (written.text === undefined) throw new RejectedError(`There is no such document in ${place.collection}.`)
    const doc = JSON.parse(written.text) as JsonObject
    assertComparable(doc, checked)
    this.#write(written, this.#validate(place, withDelta(doc, deltaOf(doc, checked))), false)
  }

  /** Nothing happens where there is none. */
  async delete(place: Place): Promise<void> {
    const written = await this.#look(place)
    if (written.text !== undefined) this.#write(written, undefined, true)
  }

  /** What the mutation comes to: for each space that really changes, its changes in the order of their first write. */
  changes(): ReadonlyMap<SpaceId, readonly NewChange[]> {
    const changes = new Map<SpaceId, NewChange[]>()
    for (const written of this.#written.values()) {
      const change = this.#changeOf(written)
      if (change === undefined) continue
      const { space } = written.place
      const list = changes.get(space)
      if (list === undefined) changes.set(space, [change])
      else list.push(change)
    }
    if (changes.size > MUTATION_SPACES_MAX)
      throw new TooLargeError(`This would write to ${changes.size} spaces, ${MUTATION_SPACES_MAX} are allowed.`)
    return changes
  }

  #changeOf({ place, base, text, isReplaced, isRecreated }: Written): NewChange | undefined {
    const { collection, id } = place
    if (base?.doc === undefined) {
      return text === undefined ? undefined : { collection, id, creator: this.#user, created: 'now', doc: text }
    }
    const { creator, created } = base
    if (text === undefined) return { collection, id, creator, created, doc: undefined }
    if (isRecreated) {
      // One change shows either what was or what is: a reader of the one who leaves and of the one who comes cannot both be told.
      if (creator !== this.#user && this.#collection(place).read === 'creator')
        throw new RejectedError(`A document of ${collection} was deleted here: create the new one under another id.`)
      return { collection, id, creator: this.#user, created: 'now', doc: text }
    }
    const before = JSON.parse(base.doc) as JsonObject
    const after = JSON.parse(text) as JsonObject
    if (sameJson(before, after)) return undefined
    const change = { collection, id, creator, created, doc: text }
    // Copies trim windowed collections, and cannot patch what they may not hold [C3].
    if (isReplaced || this.#collection(place).window !== undefined) return change
    const { set, unset } = deltaOf(before, { set: after, unset: Object.keys(before).filter((field) => !Object.hasOwn(after, field)) })
    return { ...change, delta: { set: JSON.stringify(set), unset } }
  }

  async #look(place: Place): Promise<Written> {
    this.#assertOpen()
    this.#collection(place)
    if (!isDocumentId(place.id)) throw new InvalidError('not a document id')
    const written = this.#written.get(keyOf(place))
    if (written !== undefined) return written
    const stored = await this.#read(place)
    this.#assertOpen()
    const base = stored?.doc === undefined ? undefined : stored
    return { place, base, text: base?.doc, isReplaced: false, isRecreated: false }
  }

  async #read({ space, collection, id }: Place): Promise<StoredDocument | undefined> {
    try {
      return await this.#tx.document(space, collection, id)
    } catch (error) {
      this.trouble ??= error
      throw error
    }
  }

  #write(written: Written, doc: JsonObject | undefined, isReplaced: boolean): void {
    const { place } = written
    const text = doc === undefined ? undefined : JSON.stringify(doc)
    this.#bytes += (text?.length ?? 0) - (this.#written.has(keyOf(place)) ? (written.text?.length ?? 0) : 0)
    if (this.#bytes > MUTATION_BYTES_MAX) throw new TooLargeError(`This holds more than ${MUTATION_BYTES_MAX} bytes of documents.`)
    if (written.text === undefined && written.base !== undefined) written.isRecreated = true
    if (isReplaced) written.isReplaced = true
    written.text = text
    this.#written.set(keyOf(place), written)
  }

  #validate(place: Place, doc: unknown): JsonObject {
    return validate(this.#collection(place).schema, doc, place.collection)
  }

  #collection({ space, collection }: Place): SpaceDefinition['collections'][string] {
    const { collections } = this.definition(space)
    const definition = Object.hasOwn(collections, collection) ? collections[collection] : undefined
    if (definition === undefined) throw new NotFoundError(`There is no collection ${collection} in ${kindOf(space)}.`)
    return definition
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new RejectedError('This mutation has ended: a mutator awaits all that it starts.')
  }
}

/** A patch as JSON makes it; parts that are not given are left out. */
function asJson(patch: Patch): Patch {
  const parts = Object.entries(patch).filter(([, part]) => part !== undefined)
  return Object.fromEntries(parts.map(([name, part]) => [name, toJson(part, name)])) as Patch
}

function keyOf({ space, collection, id }: Place): string {
  return `${space}\0${collection}\0${id}`
}

/** Throws TooLargeError for a patch that would hold up the server: what is to be removed is compared with all that is there. */
function assertComparable(doc: JsonObject, { remove = {} }: Patch): void {
  let compared = 0
  for (const [field, values] of Object.entries(remove)) {
    const list = Object.hasOwn(doc, field) ? doc[field] : undefined
    if (Array.isArray(list)) compared += list.length * values.length
  }
  if (compared > COMPARED_MAX)
    throw new TooLargeError(`remove: ${compared} comparisons, ${COMPARED_MAX} are allowed: remove fewer at a time.`)
}
