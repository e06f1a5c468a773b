import {
  type App,
  collection,
  defineApp,
  EMPTY_SEAL,
  type Json,
  type JsonObject,
  type MutationBatch,
  type Numbered,
  type Range,
  range as rangeSchema,
  type Seal,
  type SpaceId,
  space,
  toVersion,
  type Version,
  type WireError,
} from '@tidemark/shared'
import * as v from 'valibot'
import type { AccessRules } from '../src/backend/access.ts'
import type { Ask, Principal, RangeBounds } from '../src/backend/backend.ts'
import { createBackend } from '../src/backend/create-backend.ts'
import type { Bus, Hint } from '../src/bus/bus.ts'
import { inProcessBus } from '../src/bus/in-process-bus.ts'
import type { Changelog, ReadBounds } from '../src/changelog/changelog.ts'
import { type MemoryChangelog, memoryChangelog } from '../src/changelog/memory/memory-changelog.ts'
import type { LaneEngine } from '../src/lanes/lane-engine.ts'
import type { ModerationOptions } from '../src/moderation/create-moderation.ts'
import type { Log } from '../src/observe/log.ts'
import { VirtualClock } from './virtual-clock.ts'

const Note = v.object({ text: v.pipe(v.string(), v.maxLength(100_000)), by: v.optional(v.string()), stars: v.optional(v.number()) })
const Secret = v.object({ text: v.string() })

/** Kinds for every preset: `open` is read whole by everyone, `mixed` shows what one made oneself, `hidden` has what nobody reads. */
export const app = defineApp({
  version: '1',
  spaces: {
    open: space({
      collections: {
        notes: collection(Note),
        recent: collection(Note, { window: 50 }),
        signed: collection(Note, { write: 'creator', creatorField: 'by' }),
        locked: collection(Note, { write: 'none' }),
      },
      args: { add: v.object({ id: v.string(), text: v.string() }) },
      mutators: {
        async add(tx, { id, text }: { id: string; text: string }) {
          await tx.notes.create(id, { text })
        },
        async both(tx, { other, id }: { other: string; id: string }) {
          await tx.notes.put(id, { text: 'here' })
          await tx.space(other).notes?.put(id, { text: 'there' })
        },
        async many(tx, { count }: { count: number }) {
          for (let at = 0; at < count; at++) await tx.notes.put(`n${at}`, { text: 'x' })
        },
        async twice(tx, { id }: { id: string }) {
          void tx.notes.patch(id, {}, { inc: { stars: 1 } })
          void tx.notes.patch(id, {}, { inc: { stars: 1 } })
        },
        refuse(tx, { why }: { why: string }) {
          tx.reject(why)
        },
        async careless(tx) {
          await tx.notes.get('damaged').catch(() => undefined)
          await tx.notes.put('after', { text: 'x' })
        },
        async draw(tx, { id }: { id: string }) {
          await tx.notes.create(id, { text: String(tx.isServer), stars: tx.random() })
        },
        crash() {
          throw new Error('a bug in the app')
        },
        async hang() {
          await new Promise<never>(() => {})
        },
        async recreate(tx, { id }: { id: string }) {
          await tx.notes.delete(id)
          await tx.notes.create(id, { text: 'new' })
        },
      },
    }),
    mixed: space({
      collections: { shared: collection(Note), mine: collection(Secret, { read: 'creator', write: 'creator' }) },
      mutators: {
        async replace(tx, { id, text }: { id: string; text: string }) {
          await tx.mine.delete(id)
          await tx.mine.create(id, { text })
        },
        async drop(tx, { id }: { id: string }) {
          await tx.mine.delete(id)
        },
      },
    }),
    hidden: space({ collections: { shown: collection(Note), kept: collection(Secret, { read: 'none' }) } }),
  },
})

export const CLIENT = 'c_AAAAAAAAAAAAAAAAAAAAAA'
export const BOUNDS: RangeBounds = { changesMax: 1000, bytesMax: 1_048_576 }
export const ALL: ReadBounds = { changesMax: 10_000, bytesMax: 10_000_000, commitsMax: 10_000 }

export function user(name: string, tenant = 'default'): Principal {
  return { tenant, user: name, expiresAtMs: undefined }
}

export function nonceOf(n: number, history = 0): string {
  return (history * 1_000_000 + n).toString(16).padStart(16, '0')
}

export interface Answer {
  readonly acks: readonly { n: number; nonce: string; in?: Record<string, number>; error?: WireError }[]
  readonly error?: WireError
}

export interface WorldOptions {
  readonly app?: App
  readonly access?: AccessRules
  readonly changelog?: Changelog
  readonly turn?: () => Promise<void>
  readonly lanes?: LaneEngine
  readonly moderation?: ModerationOptions
}

/** A backend over a memory changelog, and the short forms in which tests speak to it. */
export class BackendWorld {
  readonly memory: MemoryChangelog = memoryChangelog()
  readonly changelog: Changelog
  readonly clock: VirtualClock = new VirtualClock()
  readonly hints: Hint[] = []
  /** What a mutator draws, in [0, 1). */
  chance = 0
  readonly bus: Bus = inProcessBus()
  readonly logged: { detail: object; message: string }[] = []
  backend: ReturnType<typeof createBackend>
  readonly log: Log = {
    info: (detail, message) => this.logged.push({ detail, message }),
    warn: (detail, message) => this.logged.push({ detail, message }),
    error: (detail, message) => this.logged.push({ detail, message }),
  }
  readonly #numbers = new Map<string, number>()

  constructor(options: WorldOptions = {}) {
    this.changelog = options.changelog ?? this.memory
    this.bus.subscribe((hint) => this.hints.push(hint))
    this.backend = this.start(options)
  }

  /** Another backend over the same changelog, with other rules: a restart. */
  start({ app: of = app, access = everybody(of), turn, lanes, moderation }: WorldOptions = {}): ReturnType<typeof createBackend> {
    this.backend = createBackend({
      app: of,
      changelog: this.changelog,
      authenticate: async (token) => user(token),
      access,
      bus: this.bus,
      clock: this.clock,
      random: { unit: () => this.chance, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(this.chance * 256)) },
      log: this.log,
      turn,
      lanes,
      moderation,
    })
    return this.backend
  }

  /** Runs a batch as it stands. */
  async batch(who: Principal, batch: MutationBatch): Promise<Answer> {
    const { text } = await this.backend.mutate(who, batch)
    return JSON.parse(`{${text}}`) as Answer
  }

  /** The next mutation of a client that belongs to the user alone. */
  async mutate(who: Principal, space: SpaceId, name: string, args: JsonObject): Promise<Answer['acks'][number]> {
    const client = clientOf(who)
    const n = (this.#numbers.get(client) ?? 0) + 1
    const { acks, error } = await this.batch(who, { client, on: n === 1 ? '' : nonceOf(n - 1), mutations: [item(n, space, name, args)] })
    if (error !== undefined) throw Object.assign(new Error(error.message), error)
    this.#numbers.set(client, n)
    const [ack] = acks
    if (ack === undefined) throw new Error('no ack')
    return ack
  }

  put(who: Principal, space: SpaceId, c: string, id: string, doc: JsonObject): Promise<Answer['acks'][number]> {
    return this.mutate(who, space, 'put', { c, id, doc: doc as Json })
  }

  delete(who: Principal, space: SpaceId, c: string, id: string): Promise<Answer['acks'][number]> {
    return this.mutate(who, space, 'delete', { c, id })
  }

  /** A range as a client reads it, which also proves that it is one. */
  async range(who: Principal, space: SpaceId, ask: { version: number; seal: string }, bounds: Partial<RangeBounds> = {}): Promise<Range> {
    const encoded = await this.backend.range(who, space, askOf(ask), { ...BOUNDS, ...bounds })
    const read = v.parse(rangeSchema, JSON.parse(encoded.text))
    const { from, on, to, seal, head, reset } = encoded
    if (
      JSON.stringify([from, on, to, seal, head, reset]) !==
      JSON.stringify([read.from, read.on, read.to, read.seal, read.head, read.reset !== undefined])
    )
      throw new Error('the ends of a range differ from its text')
    return read
  }

  /** Trims the log, and forgets deletions, up to the head or as far as said. */
  async trim(space: SpaceId, logStart?: number, horizon?: number): Promise<void> {
    await this.changelog.write(async (tenant) => {
      const tx = tenant('default')
      const head = logStart ?? (await tx.head(space)).version
      await tx.trim(space, toVersion(head), toVersion(horizon ?? head))
    })
  }

  async head(space: SpaceId): Promise<{ version: Version; seal: Seal }> {
    return this.changelog.read('default', (tx) => tx.head(space))
  }
}

export function askOf({ version, seal }: { version: number; seal: string }): Ask {
  return { version: version as Version, seal: seal as Seal }
}

export const NEW = { version: 0, seal: EMPTY_SEAL as string }

export function after({ to, seal }: Range): { version: number; seal: string } {
  return { version: to, seal }
}

export function item(n: number, space: SpaceId, name: string, args: JsonObject, history = 0): Numbered {
  return { n, nonce: nonceOf(n, history), space, name, args, madeMs: 0 } as Numbered
}

export function everybody<A extends App>(of: A): AccessRules<A> {
  return Object.fromEntries(Object.keys(of.spaces).map((kind) => [kind, () => 'write' as const])) as unknown as AccessRules<A>
}

export function clientOf({ tenant, user: name }: Principal): string {
  return `c_${`${tenant}-${name}`.padEnd(22, '_').slice(0, 22)}`
}

/** Mutation n of a client: a note of its own. */
export function addNote(n: number, history = 0): Numbered {
  return item(n, 'open:1', 'put', { c: 'notes', id: `d${n}`, doc: { text: `t${n}.${history}` } }, history)
}

/** How a batch ended, a word for each of its mutations. */
export function codes({ acks, error }: Answer): string[] {
  return [...acks.map(({ n, error: refusal }) => `${n} ${refusal?.code ?? 'done'}`), ...(error ? [`! ${error.n} ${error.code}`] : [])]
}
