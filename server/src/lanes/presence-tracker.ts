import {
  type Clock,
  type LaneState,
  PRESENCE_LANE,
  type Presence as PresenceBody,
  type PresenceOption,
  type SpaceId,
} from '@tidemark/shared'
import type { Bus } from '../bus/bus.ts'
import type { Presence } from '../gateway/presence.ts'
import type { RingText } from './lane-engine.ts'

/** The least time from one tick to the next, in ms. Source: protocol [L6]. */
export const PRESENCE_EVERY_MS = 1000
/** Where more are there, it is told how many, and not who. */
export const PRESENCE_USERS_MAX = 50

export interface PresenceWorld {
  readonly clock: Clock
  readonly bus: Bus
  optionOf(space: SpaceId): PresenceOption | undefined
}

/** How often a user follows a space now, and until when they count where that is not at all. */
interface Person {
  times: number
  untilMs: number
}

/** Timers that end together. */
class Timers {
  readonly #clock: Clock
  readonly #cancels = new Set<() => void>()
  #isOver = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  after(ms: number, task: () => void): void {
    if (this.#isOver) return
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(cancel)
      task()
    })
    this.#cancels.add(cancel)
  }

  stop(): void {
    this.#isOver = true
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }
}

const STATE: LaneState = { tickMs: PRESENCE_EVERY_MS, cap: 1 }

/** Presence in one process. Each space that somebody follows is told of at most once a second, and only where it changed: however many come and go. */
export class PresenceTracker implements Presence {
  readonly #world: PresenceWorld
  readonly #rooms = new Map<string, Room>()
  readonly #timers: Timers

  constructor(world: PresenceWorld) {
    this.#world = world
    this.#timers = new Timers(world.clock)
  }

  /** Nobody is told anything any more. */
  stop(): void {
    this.#timers.stop()
  }

  enter(tenant: string, space: SpaceId, user: string): boolean {
    const option = this.#world.optionOf(space)
    if (option === undefined) return false
    const key = keyOf(tenant, space)
    const room =
      this.#rooms.get(key) ?? new Room(this.#world, this.#timers, { tenant, space, option, deserted: () => this.#rooms.delete(key) })
    this.#rooms.set(key, room)
    room.enter(user)
    return true
  }

  leave(tenant: string, space: SpaceId, user: string, lingerMs: number): void {
    this.#rooms.get(keyOf(tenant, space))?.leave(user, lingerMs)
  }

  /** What was told last, as the ring of the space's lane `presence`; undefined for a space that has none. */
  ring(tenant: string, space: SpaceId, since: number): RingText | undefined {
    if (this.#world.optionOf(space) === undefined) return undefined
    const told = this.#rooms.get(keyOf(tenant, space))?.told
    const ticks = told !== undefined && told.tick > since ? [told.text] : []
    return {
      text: `${JSON.stringify({ space, lane: PRESENCE_LANE, ...STATE }).slice(0, -1)},"ticks":[${ticks.join()}]}`,
      frames: [JSON.stringify({ t: 'lane', space, lane: PRESENCE_LANE, ...STATE }), ...ticks.map((text) => frameOf(space, text))],
      newest: told?.tick ?? 0,
      tickMs: PRESENCE_EVERY_MS,
    }
  }
}

interface RoomOf {
  readonly tenant: string
  readonly space: SpaceId
  readonly option: PresenceOption
  /** Nobody is there, and that was told. */
  readonly deserted: () => void
}

class Room {
  /** The last tick, as JSON text. */
  told: { readonly tick: number; readonly text: string } | undefined
  readonly #world: PresenceWorld
  readonly #timers: Timers
  readonly #of: RoomOf
  readonly #people = new Map<string, Person>()
  #toldBody = JSON.stringify({ online: 0 })
  #toldAtMs = Number.NEGATIVE_INFINITY
  #isDue = false

  constructor(world: PresenceWorld, timers: Timers, of: RoomOf) {
    this.#world = world
    this.#timers = timers
    this.#of = of
  }

  enter(user: string): void {
    const person = this.#people.get(user)
    if (person !== undefined) {
      person.times += 1
      return
    }
    this.#people.set(user, { times: 1, untilMs: 0 })
    this.#changed()
  }

  leave(user: string, lingerMs: number): void {
    const person = this.#people.get(user)
    if (person === undefined || --person.times > 0) return
    const { clock } = this.#world
    const isWaited = person.untilMs > clock.monotonicMs()
    person.untilMs = Math.max(person.untilMs, clock.monotonicMs() + lingerMs)
    if (!isWaited) this.#forgetInTime(user, person)
  }

  /** One timer a person at most, however often they come and go meanwhile. */
  #forgetInTime(user: string, person: Person): void {
    const leftMs = person.untilMs - this.#world.clock.monotonicMs()
    if (leftMs > 0) {
      this.#timers.after(leftMs, () => this.#forgetInTime(user, person))
      return
    }
    if (person.times > 0 || this.#people.get(user) !== person) return
    this.#people.delete(user)
    this.#changed()
  }

  #changed(): void {
    if (this.#isDue) return
    const waitMs = this.#toldAtMs + PRESENCE_EVERY_MS - this.#world.clock.monotonicMs()
    if (waitMs <= 0) this.#tell()
    else {
      this.#isDue = true
      this.#timers.after(waitMs, () => {
        this.#isDue = false
        this.#tell()
      })
    }
  }

  #tell(): void {
    const body = JSON.stringify(this.#body())
    if (body !== this.#toldBody) {
      const { clock, bus } = this.#world
      const atMs = clock.nowMs()
      const tick = Math.max(atMs, (this.told?.tick ?? 0) + 1)
      const text = `{"tick":${tick},"items":[{"id":"p${tick}","by":"","atMs":${atMs},"body":${body}}],"cut":0}`
      this.told = { tick, text }
      this.#toldBody = body
      this.#toldAtMs = clock.monotonicMs()
      const { tenant, space } = this.#of
      bus.publish({ tenant, space, lane: PRESENCE_LANE, frame: frameOf(space, text), tick })
      // An empty one is forgotten a second later: who comes back at once is told no sooner.
      if (this.#people.size === 0) this.#changed()
    } else if (this.#people.size === 0) this.#of.deserted()
  }

  #body(): PresenceBody {
    const online = this.#people.size
    return this.#of.option === 'who' && online <= PRESENCE_USERS_MAX ? { online, users: [...this.#people.keys()].sort() } : { online }
  }
}

function frameOf(space: SpaceId, tick: string): string {
  return `{"t":"tick","space":${JSON.stringify(space)},"lane":"${PRESENCE_LANE}",${tick.slice(1)}`
}

/** No space id holds a blank. */
function keyOf(tenant: string, space: SpaceId): string {
  return `${space} ${tenant}`
}
