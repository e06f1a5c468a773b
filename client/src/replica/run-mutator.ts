import {
  type App,
  BUILT_IN,
  type BuiltIn,
  COMMIT_CHANGES_MAX,
  type CollectionDefinition,
  deltaOf,
  InvalidError,
  isBuiltIn,
  isDocumentId,
  type JsonObject,
  kindOf,
  type Patch,
  type PatchArgs,
  type PutArgs,
  RejectedError,
  type SpaceId,
  TooLargeError,
  validate,
  withDelta,
} from '@tidemark/shared'
import { definitionOf, own, unnamed } from './definition-of.ts'

/** Documents as a mutator finds and leaves them. Where `settled` says true, its effect is there already: it writes nothing more. */
export interface Documents {
  get(space: SpaceId, collection: string, id: string): Promise<JsonObject | undefined>
  /** `undefined` deletes. */
  set(space: SpaceId, collection: string, id: string, doc: JsonObject | undefined): Promise<void>
  settled(space: SpaceId): boolean
  /** Told of every space that the mutator takes into its hand. */
  touch(space: SpaceId): void
}

export interface Run {
  readonly space: SpaceId
  readonly name: string
  readonly args: JsonObject
  readonly user: string
  readonly nowMs: number
}

interface Writer {
  get(id: string): Promise<JsonObject | undefined>
  create(id: string, doc: unknown): Promise<void>
  put(id: string, doc: unknown): Promise<void>
  patch(id: string, set: object | undefined, more?: Patch): Promise<void>
  delete(id: string): Promise<void>
}

function random(): never {
  throw new TypeError('no random() on a device: ask isServer')
}

/**
 * Runs a mutator, built in or the app's, as the server will: its reads include its own writes, what it does to documents goes
 * through their schemas. Throws what the mutator throws; then nothing that it wrote counts.
 */
export async function runMutator(app: App, run: Run, documents: Documents): Promise<void> {
  const { mutators, args: schemas } = definitionOf(app, run.space)
  const builtIn = isBuiltIn(run.name) ? callOf(run.name, run.args) : undefined
  const mutator = own(mutators, run.name) as ((tx: unknown, args: unknown) => void | Promise<void>) | undefined
  if (!builtIn && !mutator) throw unnamed(`mutator ${run.name} in ${kindOf(run.space)}`)
  const schema = own(schemas, run.name)
  const args = schema ? validate(schema, run.args, run.name) : run.args
  let changes = 0
  let open = true
  // One after the other, in the order of the calls: an `await` that the app forgot changes nothing.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (!open) return Promise.reject(new TypeError(`${run.name} used its transaction after it had ended: await everything in it`))
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }

  const writerOf = (space: SpaceId, c: string, { schema }: CollectionDefinition): Writer => {
    const write = (id: string, doc: JsonObject | undefined): Promise<void> => {
      if (!isDocumentId(id)) throw new InvalidError(`${c}: a document id is 1 to 128 characters without control characters`)
      if (++changes > COMMIT_CHANGES_MAX)
        throw new TooLargeError(`${run.name} changes more than ${COMMIT_CHANGES_MAX} documents: split it into several mutations`)
      return documents.set(space, c, id, doc)
    }
    const change = (work: () => Promise<void>) => inTurn(async () => (documents.settled(space) ? undefined : work()))
    const put = async (id: string, doc: unknown) => write(id, validate(schema, doc, `${c}/${id}`))
    return {
      get: (id) => inTurn(() => documents.get(space, c, id)),
      create: (id, doc) =>
        change(async () => {
          if (await documents.get(space, c, id)) throw new RejectedError(`${c} has a document ${id} already`)
          await put(id, doc)
        }),
      put: (id, doc) => change(() => put(id, doc)),
      patch: (id, set, more) =>
        change(async () => {
          const doc = await documents.get(space, c, id)
          if (!doc) throw new RejectedError(`${c} has no document ${id}`)
          await put(id, withDelta(doc, deltaOf(doc, { ...more, set: set as JsonObject | undefined })))
        }),
      delete: (id) =>
        change(async () => {
          if (await documents.get(space, c, id)) await write(id, undefined)
        }),
    }
  }
  const collectionsOf = (space: SpaceId): Record<string, Writer> => {
    const { collections } = definitionOf(app, space)
    documents.touch(space)
    return Object.fromEntries(Object.entries(collections).map(([c, definition]) => [c, writerOf(space, c, definition)]))
  }

  const writers = collectionsOf(run.space)
  const reject = (message: string): never => {
    throw new RejectedError(message)
  }
  try {
    if (builtIn) await builtIn(writers)
    else
      await mutator?.(
        { ...writers, user: run.user, isAdmin: true, nowMs: run.nowMs, isServer: false, random, space: collectionsOf, reject },
        args,
      )
    await last
  } finally {
    open = false
  }
}

/** A built-in mutator with its arguments. Throws InvalidError where they are wrong. */
function callOf(name: BuiltIn, args: JsonObject): (collections: Record<string, Writer>) => Promise<void> {
  const { c, id, doc, set, ...more } = validate(BUILT_IN[name], args, name) as unknown as PutArgs & PatchArgs
  return (collections) => {
    const writer = own(collections, c)
    if (!writer) throw unnamed(`collection ${c}`)
    if (name === 'delete') return writer.delete(id)
    return name === 'put' ? writer.put(id, doc) : writer.patch(id, set, more)
  }
}
