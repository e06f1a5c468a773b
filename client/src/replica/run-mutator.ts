import {
  type App,
  BUILT_IN,
  type BuiltIn,
  COMMIT_CHANGES_MAX,
  type CollectionDefinition,
  type DeleteArgs,
  deltaOf,
  InvalidError,
  isBuiltIn,
  isDocumentId,
  type Json,
  type JsonObject,
  kindOf,
  NotFoundError,
  type Patch,
  type PatchArgs,
  type PutArgs,
  RejectedError,
  type SpaceDefinition,
  type SpaceId,
  TooLargeError,
  validate,
  withDelta,
} from '@tidemark/shared'

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

function definitionOf(app: App, space: SpaceId): SpaceDefinition {
  const kind = kindOf(space)
  const definition = Object.hasOwn(app.spaces, kind) ? app.spaces[kind] : undefined
  if (!definition) throw new NotFoundError(`no space kind ${kind}: name it in defineApp`)
  return definition
}

/** The arguments as the mutator's schema makes them. Throws NotFoundError for an unknown name, InvalidError for wrong arguments. */
function checkArgs(app: App, { space, name, args }: Pick<Run, 'space' | 'name' | 'args'>): JsonObject {
  const definition = definitionOf(app, space)
  if (isBuiltIn(name)) return validate(BUILT_IN[name], args, name)
  if (!Object.hasOwn(definition.mutators, name)) throw new NotFoundError(`no mutator ${name} in ${kindOf(space)}: name it in defineApp`)
  const schema = Object.hasOwn(definition.args, name) ? definition.args[name] : undefined
  return schema ? validate(schema, args, name) : args
}

/**
 * Runs a mutator, built in or the app's, as the server will: its reads include its own writes, what it does to documents goes
 * through their schemas. Throws what the mutator throws; then nothing that it wrote counts.
 */
export async function runMutator(app: App, run: Run, documents: Documents): Promise<void> {
  const args = checkArgs(app, run)
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

  const own = collectionsOf(run.space)
  try {
    if (isBuiltIn(run.name)) await builtIn(run.name, own, args)
    else {
      const mutator = definitionOf(app, run.space).mutators[run.name] as (tx: unknown, args: unknown) => void | Promise<void>
      const tx = {
        ...own,
        user: run.user,
        nowMs: run.nowMs,
        space: collectionsOf,
        reject(message: string): never {
          throw new RejectedError(message)
        },
      }
      await mutator(tx, args)
    }
    await last
  } finally {
    open = false
  }
}

function builtIn(name: BuiltIn, collections: Record<string, Writer>, args: JsonObject): Promise<void> {
  const { c, id } = args as unknown as DeleteArgs
  const writer = Object.hasOwn(collections, c) ? collections[c] : undefined
  if (!writer) throw new NotFoundError(`no collection ${c}: name it in defineApp`)
  if (name === 'put') return writer.put(id, (args as unknown as PutArgs).doc)
  if (name === 'delete') return writer.delete(id)
  const { set, unset, inc, append, remove } = args as unknown as PatchArgs & { append?: Record<string, readonly Json[]> }
  return writer.patch(id, set, { unset, inc, append, remove })
}
