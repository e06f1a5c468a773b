import { type App, defineApp, type JsonObject, lane, space, toVersion } from '@tidemark/shared'
import * as v from 'valibot'
import type { Access, AccessRules } from '../src/backend/access.ts'
import type { Principal } from '../src/backend/backend.ts'
import type { Changelog } from '../src/changelog/changelog.ts'
import { createLaneEngine } from '../src/lanes/create-lane-engine.ts'
import type { LaneEngine } from '../src/lanes/lane-engine.ts'
import type { LaneStore } from '../src/lanes/lane-store.ts'
import { memoryLaneStore } from '../src/lanes/memory/memory-lane-store.ts'
import type { ModerationOptions } from '../src/moderation/create-moderation.ts'
import { ALL, BackendWorld, user } from './backend-world.ts'

const Comment = v.object({ text: v.pipe(v.string(), v.maxLength(500)), colour: v.optional(v.string()) })

/** A show: comments, of which the text is filtered, and taps, which have none. */
export const showApp = defineApp({
  version: '1',
  spaces: {
    live: space({ lanes: { danmu: lane(Comment, { text: 'text', ring: 100, cap: 1000 }), taps: lane(v.object({ at: v.number() })) } }),
    room: space({}),
  },
}) as unknown as App

export const LIVE = 'live:1'
export const [HOST, ADA, BOB] = [user('host'), user('ada'), user('bob')]

const LEVELS: Readonly<Record<string, Access>> = { host: 'admin', deputy: 'admin', guest: 'read', stranger: 'none' }
const access = {
  live: (name: string) => LEVELS[name] ?? 'write',
  room: () => 'write',
  moderation: (name: string) => (LEVELS[name] === 'admin' ? 'admin' : 'none'),
} as AccessRules

export interface ShowOptions {
  readonly changelog?: Changelog
  readonly store?: LaneStore
  readonly moderation?: ModerationOptions
  /** What stands before the engine. */
  readonly before?: (engine: LaneEngine) => LaneEngine
}

/** A backend with its lanes under a virtual clock, and what is shown of them. One per process: a crash is a new one over the same disks. */
export class ShowWorld {
  readonly backend: BackendWorld
  readonly store: LaneStore
  readonly engine: LaneEngine
  #said = 0

  private constructor(options: ShowOptions) {
    this.backend = new BackendWorld({ app: showApp, access, ...(options.changelog && { changelog: options.changelog }) })
    this.store = options.store ?? memoryLaneStore()
    const { bus, clock, log } = this.backend
    let at = 0
    this.engine = createLaneEngine({
      app: showApp,
      store: this.store,
      bus,
      clock,
      log,
      random: { unit: () => 0.5, bytes: (count) => Uint8Array.from({ length: count }, () => at++ & 255) },
      settings: (place) => this.backend.backend.moderation?.settings(place) ?? {},
    })
    const lanes = options.before?.(this.engine) ?? this.engine
    this.backend.start({ app: showApp, access, lanes, ...(options.moderation && { moderation: options.moderation }) })
  }

  static async started(options: ShowOptions = {}): Promise<ShowWorld> {
    const world = new ShowWorld(options)
    await world.engine.start()
    return world
  }

  get clock(): BackendWorld['clock'] {
    return this.backend.clock
  }

  /** How it was answered: the item's id, or the code of the error. */
  async say(text: string, { by = ADA, id, lane = 'danmu' }: { by?: Principal; id?: string; lane?: string } = {}): Promise<string> {
    return this.sayBody({ text }, { by, id, lane })
  }

  async sayBody(
    body: unknown,
    { by = ADA, id = `said${++this.#said}`, lane = 'danmu' }: { by?: Principal; id?: string | undefined; lane?: string } = {},
  ): Promise<string> {
    const said = this.backend.backend.say(by, { space: LIVE, lane, id, body })
    return said.then(
      (answer) => answer.id,
      (error) => error.code ?? `${error}`,
    )
  }

  /** An act of an admin; throws where it was refused. */
  async act(name: string, args: JsonObject, by: Principal = HOST): Promise<void> {
    const { error } = await this.backend.mutate(by, 'moderation', name, args)
    if (error !== undefined) throw new Error(`${error.code}: ${error.message}`)
    // The server takes note.
    await this.clock.pass(0)
  }

  /** Texts in the lane's ring after the tick in hand is over. */
  async shown(lane = 'danmu'): Promise<string[]> {
    await this.clock.pass(1000)
    const ring = JSON.parse((await this.backend.backend.lane(HOST, LIVE, lane, 0)).text) as {
      ticks: { items: { body: { text: string }; announcement?: true; count?: number }[] }[]
    }
    return ring.ticks.flatMap(({ items }) =>
      items.map(({ body, announcement, count }) => `${announcement ? '! ' : ''}${body.text}${count ? ` x${count}` : ''}`),
    )
  }

  /** Documents of the space `moderation`. */
  async documents(collection: string): Promise<Record<string, JsonObject>> {
    const all = await this.backend.changelog.read('default', (tx) => tx.documentsAfter('moderation', toVersion(0), ALL))
    return Object.fromEntries(all.flatMap((it) => (it.collection === collection && it.doc ? [[it.id, JSON.parse(it.doc)]] : [])))
  }

  /** The ids of the documents that are held. */
  async held(): Promise<string[]> {
    return Object.keys(await this.documents('held'))
  }
}
