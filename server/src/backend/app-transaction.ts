import {
  type CollectionTransaction,
  type JsonObject,
  NotFoundError,
  type Patch,
  type PatchMore,
  RejectedError,
  type SpaceId,
  type Transaction,
  type TransactionBase,
} from '@tidemark/shared'
import type { MutationDraft } from './mutation-draft.ts'

type AnyDocument = Record<string, unknown>

/**
 * The `tx` of the app's mutators over a draft. Calls are done one after another in the order they were made, also where the
 * mutator does not await them, so that two patches to one document both count. Once closed, every call throws.
 */
export class AppTransaction {
  readonly tx: Transaction
  readonly #draft: MutationDraft
  #last: Promise<unknown> = Promise.resolve()
  #unfinished = new Set<Promise<unknown>>()
  #isOpen = true

  constructor(draft: MutationDraft, space: SpaceId, base: Pick<TransactionBase, 'user' | 'isAdmin' | 'nowMs' | 'random'>) {
    this.#draft = draft
    this.tx = this.#collections(space, {
      ...base,
      isServer: true,
      space: (id: string) => this.#collections(id, {}),
      reject(message: string): never {
        throw new RejectedError(message)
      },
    }) as Transaction
  }

  close(): void {
    this.#isOpen = false
  }

  /** Resolves when the calls that nobody awaited are done. Throws the first error of theirs: nobody else heard it. */
  async settled(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished)
  }

  /** Resolves when no call of the mutator's touches the changelog any more. */
  quiet(): Promise<unknown> {
    return this.#last
  }

  #collections(space: SpaceId, base: object): Record<string, unknown> {
    const { collections } = this.#draft.definition(space)
    const members: Record<string, unknown> = Object.assign(Object.create(null), base)
    for (const name of Object.keys(collections)) members[name] = this.#collection(space, name)
    return new Proxy(members, {
      get(target, name) {
        // A promise that resolves to this asks for `then`.
        if (typeof name === 'symbol' || name === 'then' || name in target) return target[name as string]
        throw new NotFoundError(`There is no collection ${name.slice(0, 64)} in this kind of space.`)
      },
    })
  }

  #collection(space: SpaceId, collection: string): CollectionTransaction<AnyDocument> {
    const draft = this.#draft
    const at = (id: string) => ({ space, collection, id })
    return {
      get: (id) => this.#inTurn(async () => (await draft.get(at(id)))?.doc),
      create: (id, doc) => this.#inTurn(() => draft.create(at(id), doc)),
      put: (id, doc) => this.#inTurn(() => draft.put(at(id), doc)),
      patch: (id, set, more: PatchMore<AnyDocument> = {}) =>
        this.#inTurn(() => draft.patch(at(id), { set: set as JsonObject, ...(more as Patch) })),
      delete: (id) => this.#inTurn(() => draft.delete(at(id))),
    }
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (!this.#isOpen) throw new RejectedError('This has ended: await all that is started.')
      return call()
    })
    this.#unfinished.add(result)
    const finish = (): void => {
      this.#unfinished.delete(result)
    }
    // Also keeps an error that nobody awaits from ending the process.
    this.#last = result.then(finish, finish)
    return result
  }
}
