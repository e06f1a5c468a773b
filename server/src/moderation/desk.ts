import {
  type Clock,
  type HeldItem,
  type LaneSetting,
  type ListedWord,
  MODERATION,
  type OutgoingItem,
  type Restricted,
  UnavailableError,
  type Version,
  within,
  ZERO,
} from '@tidemark/shared'
import { READ_WITHIN_MS } from '../backend/bounds.ts'
import type { Changelog, Head, ReadTransaction, StoredDocument } from '../changelog/changelog.ts'
import type { Log } from '../observe/log.ts'
import { BUILD_PAUSE_MS, READ_BYTES, READ_DOCUMENTS, REREAD_MS, WORDS_MAX, WORDS_UNITS_MAX } from './bounds.ts'
import { Held } from './held.ts'
import { WordFilter } from './words/word-filter.ts'

export interface DeskOptions {
  readonly tenant: string
  readonly changelog: Changelog
  readonly clock: Clock
  readonly log: Log
  /** How a lane runs is another now, or was not known before. */
  onSetting(setting: LaneSetting): void
  /** There is something on its way into a lane. */
  onOutgoing(): void
  /** Some REREAD_MS have passed. */
  onRound(): void
}

const BOUNDS = { changesMax: READ_DOCUMENTS, bytesMax: READ_BYTES, commitsMax: READ_DOCUMENTS }

/**
 * What admins of one tenant have decided, as its server knows it: the documents of the space `moderation`, in memory. It reads what has
 * changed when it is told so, and each REREAD_MS; where the history is another one, or was trimmed meanwhile, all of it.
 */
export class Desk {
  readonly held: Held = new Held()
  readonly outgoing: Map<string, OutgoingItem> = new Map()
  readonly #options: DeskOptions
  readonly #settings = new Map<string, LaneSetting>()
  readonly #people = new Map<string, Restricted>()
  readonly #words = new Map<string, ListedWord>()
  #filter: WordFilter | undefined
  #at: Head = { version: ZERO, seal: '' as Head['seal'] }
  #isLoaded = false
  #reading: Promise<void> | undefined
  #isAsked = false
  #build: Promise<void> = Promise.resolve()
  #isBuilding = false
  #isStale = false
  #cancelRound: () => void = () => {}
  #isClosed = false

  constructor(options: DeskOptions) {
    this.#options = options
    this.#roundLater()
  }

  /** Resolves once all is known that was decided before now; at once where that has been so. Throws UnavailableError. */
  async ready(): Promise<void> {
    if (this.#isLoaded) return
    try {
      await this.refresh()
      await this.#build
      if (this.#isClosed) throw new Error('it was closed')
      this.#isLoaded = true
    } catch (cause) {
      throw new UnavailableError('What may be said here cannot be looked up now. Try again.', { cause })
    }
  }

  setting(space: string, lane: string): LaneSetting | undefined {
    return this.#settings.get(placeOf({ space, lane }))
  }

  /** What is in force for a user now. */
  restriction(user: string): Restricted | undefined {
    const found = this.#people.get(user)
    return found?.untilMs !== undefined && found.untilMs <= this.#options.clock.nowMs() ? undefined : found
  }

  /** The filter of the words as they were listed last, or, while a new one is built, before. */
  get filter(): WordFilter | undefined {
    return this.#filter
  }

  /** Reads what has changed. Rejects with what kept it from that; what it knew stays. */
  refresh(): Promise<void> {
    this.#isAsked = true
    this.#reading ??= this.#readAll()
    return this.#reading
  }

  close(): void {
    this.#isClosed = true
    this.#cancelRound()
  }

  async #readAll(): Promise<void> {
    try {
      while (this.#isAsked && !this.#isClosed) {
        this.#isAsked = false
        await this.#read()
      }
    } finally {
      this.#reading = undefined
    }
  }

  async #read(): Promise<void> {
    const { tenant, changelog, clock, onSetting, onOutgoing } = this.#options
    const late = () => new Error(`no answer within ${READ_WITHIN_MS} ms`)
    const read = await within(
      clock,
      READ_WITHIN_MS,
      changelog.read(tenant, (tx) => this.#changes(tx)),
      late,
    )
    if (read === undefined || this.#isClosed) return
    const { head, documents, isWhole } = read
    if (isWhole) for (const known of [this.#settings, this.#people, this.#words, this.held, this.outgoing]) known.clear()
    const settings: LaneSetting[] = []
    let isWordChanged = isWhole
    for (const { collection, id, doc } of documents) {
      const value: unknown = doc === undefined ? undefined : JSON.parse(doc)
      switch (collection) {
        case 'lanes':
          if (value === undefined) continue
          this.#settings.set(placeOf(value as LaneSetting), value as LaneSetting)
          settings.push(value as LaneSetting)
          break
        case 'people':
          keep(this.#people, id, value as Restricted | undefined)
          break
        case 'words':
          keep(this.#words, id, value as ListedWord | undefined)
          isWordChanged = true
          break
        case 'held':
          this.held.keep(id, (value as HeldItem | undefined)?.by)
          break
        case 'outgoing':
          keep(this.outgoing, id, value as OutgoingItem | undefined)
          break
        default:
      }
    }
    this.#at = head
    if (isWordChanged) this.#rebuild()
    for (const setting of settings) onSetting(setting)
    if (this.outgoing.size > 0) onOutgoing()
  }

  /** Of one moment; undefined where nothing has changed. */
  async #changes(tx: ReadTransaction): Promise<{ head: Head; documents: readonly StoredDocument[]; isWhole: boolean } | undefined> {
    const { version, seal } = this.#at
    const head = await tx.head(MODERATION)
    if (head.version === version && (version === 0 || head.seal === seal)) return undefined
    const isWhole =
      version === 0 || head.version < version || (await tx.horizon(MODERATION)) > version || (await tx.sealAt(MODERATION, version)) !== seal
    // Of a whole one neither what was deleted nor the audit.
    const leftOut = isWhole ? { began: head.version, floors: new Map([['audit', head.version]]) } : undefined
    const documents: StoredDocument[] = []
    for (let from: Version = isWhole ? ZERO : version; ; ) {
      const page = await tx.documentsAfter(MODERATION, from, BOUNDS, leftOut)
      const last = page.at(-1)
      if (last === undefined) return { head, documents, isWhole }
      for (const document of page) if (document.collection !== 'audit') documents.push(document)
      from = last.version
    }
  }

  #rebuild(): void {
    this.#isStale = true
    if (!this.#isBuilding) this.#build = this.#buildFilter()
  }

  async #buildFilter(): Promise<void> {
    const { clock } = this.#options
    this.#isBuilding = true
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false
      const words = this.#wordsToFind()
      const build = WordFilter.build(words)
      for (;;) {
        const { done, value } = build.next()
        if (done) {
          this.#filter = words.length === 0 ? undefined : value
          break
        }
        await new Promise<void>((resolve) => clock.after(BUILD_PAUSE_MS, resolve))
      }
    }
    this.#isBuilding = false
  }

  #wordsToFind(): readonly ListedWord[] {
    const words: ListedWord[] = []
    let units = 0
    for (const word of this.#words.values()) {
      units += word.word.length
      if (words.length === WORDS_MAX || units > WORDS_UNITS_MAX) {
        this.#options.log.error({ listed: this.#words.size, words: words.length }, 'more words are listed than the filter looks for')
        break
      }
      words.push(word)
    }
    return words
  }

  #roundLater(): void {
    const { clock, log, onRound } = this.#options
    this.#cancelRound = clock.after(REREAD_MS, () => {
      if (this.#isClosed) return
      this.#roundLater()
      onRound()
      if (!this.#isClosed) this.refresh().catch((err) => log.warn({ err }, 'the space of moderation could not be read'))
    })
  }
}

/** Neither part has a blank in it. */
function placeOf({ space, lane }: Pick<LaneSetting, 'space' | 'lane'>): string {
  return `${space} ${lane}`
}

function keep<T>(map: Map<string, T>, id: string, value: T | undefined): void {
  if (value === undefined) map.delete(id)
  else map.set(id, value)
}
