import {
  type App,
  type Clock,
  type Json,
  type LaneDefinition,
  type OutgoingItem,
  SyncError,
  sameJson,
  validateJson,
} from '@tidemark/shared'
import type { MutationDraft } from '../backend/mutation-draft.ts'
import type { LaneEngine, NewItem } from '../lanes/lane-engine.ts'
import { laneOf } from '../lanes/lane-of.ts'
import type { Log } from '../observe/log.ts'
import { OUTGOING_RETRY_MS } from './bounds.ts'
import type { Desk } from './desk.ts'
import { placeIn } from './place-in.ts'

export interface OutgoingOptions {
  readonly tenant: string
  readonly app: App
  readonly desk: Desk
  readonly engine: LaneEngine
  readonly clock: Clock
  readonly log: Log
  /** A commit of the server's own. */
  write(run: (draft: MutationDraft) => Promise<void>): Promise<void>
}

/**
 * Takes what was released or announced into its lane, once: the lane has it before its document goes, and knows the id of what comes again.
 * Whatever dies in between leaves the document, and the next one takes it again.
 */
export class Outgoing {
  readonly #options: OutgoingOptions
  #taking: Promise<void> | undefined
  #isStopped = false
  #cancelRetry: () => void = () => {}

  constructor(options: OutgoingOptions) {
    this.#options = options
  }

  take(): void {
    if (this.#isStopped) return
    this.#cancelRetry()
    this.#taking ??= this.#takeAll()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelRetry()
    await this.#taking
  }

  /** Never rejects. */
  async #takeAll(): Promise<void> {
    const { clock, desk, log } = this.#options
    let isAnyLeft = false
    // What comes meanwhile is taken, too.
    for (const [id, item] of desk.outgoing) {
      if (this.#isStopped) break
      try {
        await this.#takeOne(id, item)
      } catch (err) {
        isAnyLeft = true
        log.warn({ err, space: item.space, lane: item.lane }, 'what was released could not be taken into its lane: it is tried again')
      }
    }
    this.#taking = undefined
    if (isAnyLeft && !this.#isStopped) this.#cancelRetry = clock.after(OUTGOING_RETRY_MS, () => this.take())
  }

  async #takeOne(id: string, item: OutgoingItem): Promise<void> {
    const { tenant, app, desk, engine, log, write } = this.#options
    const { space, lane, by } = item
    const definition = laneOf(app, space, lane)
    try {
      if (definition !== undefined) await engine.add({ tenant, space, lane }, definition, newItem(definition, item))
      else log.error({ space, lane, by }, 'what was released is of a lane that the app has not: it is dropped')
    } catch (error) {
      if (!(error instanceof SyncError) || error.retryable) throw error
      log.error({ err: error, space, lane, by }, 'what was released does not fit into its lane: it is dropped')
    }
    const place = placeIn('outgoing', id)
    await write(async (draft) => {
      const there = await draft.get(place)
      if (there !== undefined && sameJson(there.doc, item as unknown as Json)) await draft.delete(place)
    })
    // Another one may have come under its id.
    if (desk.outgoing.get(id) === item) desk.outgoing.delete(id)
  }
}

function newItem(definition: LaneDefinition, { item, by, body, announcement }: OutgoingItem): NewItem {
  if (!announcement) return { id: item, by, body }
  return { id: item, by, body: announced(definition, (body as { text: string }).text), announcement }
}

/** An announcement as the lane has its items: its text where the lane has one, and what the schema adds; without that where it asks for more. */
function announced({ text: field = 'text', schema }: LaneDefinition, text: string): Json {
  const body = { [field]: text }
  try {
    return validateJson(schema, body, 'body')
  } catch {
    return body
  }
}
