import type { Changelog } from '@tidemark/server'
import { type Change, type SpaceId, toVersion } from '@tidemark/shared'

/** A document as the log made it; `created`: the version of the commit that did. */
export interface ModelDocument {
  /** Its fields in order of their names, as JSON. */
  readonly text: string
  readonly creator: string
  readonly created: number
  /** The version of the last commit that changed it. */
  readonly changed: number
}

/** What a space held at one version of one history: the sequential model that every copy is held against. */
export interface Moment {
  readonly version: number
  /** The first 8 digits of its seal. */
  readonly digits: string
  readonly before: Moment | undefined
  /** By `{collection} {id}`. */
  readonly documents: ReadonlyMap<string, ModelDocument>
  /** The nonce of the mutation that made it. */
  readonly origin: string | undefined
}

const BEGINNING: Moment = { version: 0, digits: '00000000', before: undefined, documents: new Map(), origin: undefined }
const NONE: ReadonlySet<number> = new Set()
const ALL = { changesMax: 1e9, bytesMax: 1e12, commitsMax: 1e9 }

/** All histories that a space ever had, by its log alone. A server that is set back makes a branch of them. */
export class History {
  head: Moment = BEGINNING
  readonly #madeAt = new Map<string, Set<number>>()
  readonly #moments = new Map<string, Moment>([[keyOf(0, BEGINNING.digits), BEGINNING]])

  /** The versions that a mutation made, in one history or another. */
  madeAt(nonce: string): ReadonlySet<number> {
    return this.#madeAt.get(nonce) ?? NONE
  }

  /** undefined where the server never had it. At version 0 any seal is good. */
  at(version: number, seal: string): Moment | undefined {
    return version === 0 ? BEGINNING : this.#moments.get(keyOf(version, seal.slice(0, 8)))
  }

  /** Takes what was committed since. Returns the new moments, the oldest first. */
  async grow(changelog: Changelog, space: SpaceId): Promise<Moment[]> {
    const from = this.head
    const commits = await changelog.read('default', async (tx) => {
      const head = await tx.head(space)
      return head.version === from.version ? [] : tx.log(space, toVersion(from.version), ALL)
    })
    // Whoever came meanwhile has taken some of them.
    const news = commits.filter(({ version }) => version > this.head.version)
    return news.map(({ version, seal, origin, changes }) => {
      const documents = new Map(this.head.documents)
      for (const { text, creator } of changes) apply(documents, JSON.parse(text) as Change, creator, version)
      this.head = { version, digits: seal, before: this.head, documents, origin }
      this.#moments.set(keyOf(version, seal), this.head)
      if (origin !== undefined) this.#madeAt.set(origin, (this.#madeAt.get(origin) ?? new Set()).add(version))
      return this.head
    })
  }

  /** The server was set back to where it was then. */
  setBack(to: Moment): void {
    this.head = to
  }
}

/** What a history held at a version before or at a moment of it; undefined past that. */
export function ancestor(of: Moment, version: number): Moment | undefined {
  let at: Moment | undefined = of
  while (at !== undefined && at.version > version) at = at.before
  return at?.version === version ? at : undefined
}

function keyOf(version: number, digits: string): string {
  return `${version} ${digits}`
}

function apply(documents: Map<string, ModelDocument>, change: Change, creator: string, version: number): void {
  const key = `${change.c} ${change.id}`
  const before = documents.get(key)
  if ('del' in change) return void documents.delete(key)
  const after: Record<string, unknown> =
    'set' in change ? { ...(JSON.parse(before?.text ?? '{}') as object), ...change.set } : { ...change.put }
  for (const field of 'set' in change ? (change.unset ?? []) : []) delete after[field]
  documents.set(key, { text: canonical(after), creator, created: before?.created ?? version, changed: version })
}

/** The fields of a document in order of their names, without those that are the replica's own. */
export function canonical(doc: Readonly<Record<string, unknown>>): string {
  const sorted: Record<string, unknown> = {}
  for (const field of Object.keys(doc).sort()) if (!field.startsWith('$')) sorted[field] = doc[field]
  return JSON.stringify(sorted)
}
