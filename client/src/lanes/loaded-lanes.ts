import {
  type Clock,
  type LaneItem,
  type LaneState,
  NotFoundError,
  newDocumentId,
  type Presence,
  type Random,
  type SpaceDefinition,
  type SpaceId,
  UnavailableError,
  validate,
} from '@tidemark/shared'
import { Observable, Subscription } from 'rxjs'
import type { Connected, LaneEar } from '../connected.ts'
import { own } from '../replica/definition-of.ts'
import type { Holding } from '../tabs/messages.ts'
import type { Lane, LaneBatch } from './lane-api.ts'

/** From one try to load it to the next, while somebody looks at a lane, in ms. */
export const LOAD_LANES_AGAIN_MS = 5000

/** What lanes are made from. */
export interface LanesHost {
  readonly user: string
  readonly clock: Clock
  readonly random: Random
  readonly ear: LaneEar
  /** What this tab holds: its lanes, too. */
  readonly holding: Record<keyof Holding, number>
  readonly connected: Pick<Connected, 'held' | 'lanes' | 'report'>
}

/** The lanes of all spaces of a replica. */
export interface SpaceLanes {
  items(space: SpaceId, lane: string): Observable<LaneBatch<unknown>>
  state(space: SpaceId, lane: string): Observable<LaneState | undefined>
  presence(space: SpaceId): Observable<Presence | undefined>
  /** As `Said.accepted`. */
  say(space: SpaceId, lane: string, item: LaneItem): Promise<void>
  playback(space: SpaceId, lane: string, fromMs: number, positionMs$: Observable<number>): Observable<LaneBatch<unknown>>
}

export type MakeLanes = (host: LanesHost) => SpaceLanes
export type LoadLanes = () => Promise<MakeLanes>

/** Of one space: what an app uses of its lanes. */
interface OwnLanes {
  lane(name: string): Lane<unknown>
  readonly presence$: Observable<Presence | undefined>
}

/** Lanes whose code is loaded when one is first used. All of a space end with `life`. */
export function loadedLanes(
  host: LanesHost & { readonly loadLanes?: LoadLanes | undefined },
): (space: SpaceId, definition: SpaceDefinition, life: Subscription) => OwnLanes {
  let loaded: Promise<SpaceLanes> | undefined
  const get = () => {
    loaded ??= (host.loadLanes as LoadLanes)()
      .then((make) => make(host))
      .catch((cause) => {
        loaded = undefined
        throw new UnavailableError('what shows lanes cannot be loaded: reload the page where there is a network', { cause })
      })
    return loaded
  }
  return (space, { lanes }, life) => {
    const shown = <T>(of: (lanes: SpaceLanes) => Observable<T>) =>
      new Observable<T>((subscriber) => {
        const subscription = new Subscription(() => subscriber.complete())
        const begin = () =>
          get().then(
            (lanes) => subscription.closed || subscription.add(of(lanes).subscribe(subscriber)),
            () => subscription.add(host.clock.after(LOAD_LANES_AGAIN_MS, begin)),
          )
        life.add(subscription)
        void begin()
        return subscription
      })
    const made = new Map<string, Lane<unknown>>()
    return {
      presence$: shown((lanes) => lanes.presence(space)),
      lane(name) {
        const definition = own(lanes, name)
        if (!definition) throw new NotFoundError(`${space} has no lane ${name}: name it in defineApp`)
        const lane: Lane<unknown> = made.get(name) ?? {
          items$: shown((lanes) => lanes.items(space, name)),
          state$: shown((lanes) => lanes.state(space, name)),
          say(given) {
            const body = validate(definition.schema, given, name)
            const item = {
              id: newDocumentId(host.random),
              by: host.user,
              atMs: host.clock.nowMs() + host.connected.report().offsetMs,
              body,
            }
            const accepted = get().then((lanes) => lanes.say(space, name, item))
            // Whoever does not look at it misses nothing.
            accepted.catch(() => {})
            return { item, accepted }
          },
          playback: (fromMs, positionMs$) => shown((lanes) => lanes.playback(space, name, fromMs, positionMs$)),
        }
        made.set(name, lane)
        return lane
      },
    }
  }
}
