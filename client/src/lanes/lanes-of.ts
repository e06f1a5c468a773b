import { type Clock, newDocumentId, type Presence, type Random, type SpaceDefinition, type SpaceId, validate } from '@tidemark/shared'
import { Observable, Subscription } from 'rxjs'
import type { Connected } from '../connected.ts'
import { own, unnamed } from '../replica/definition-of.ts'
import type { Lane } from './lane-api.ts'
import type { SpaceLanes } from './space-lanes.ts'

/** From one try to load what shows lanes to the next, while somebody looks at one, in ms. */
export const LOAD_LANES_AGAIN_MS = 5000

export interface LanesHost {
  readonly user: string
  readonly clock: Clock
  readonly random: Random
  readonly connected: Pick<Connected, 'lanes' | 'report'>
}

/** What an app uses of the lanes of one space; all of it ends with `life`. What shows them is loaded with what connects. */
export function lanesOf(
  { user, clock, random, connected }: LanesHost,
  space: SpaceId,
  definition: SpaceDefinition,
  life: Subscription,
): { readonly presence$: Observable<Presence | undefined>; lane(name: string): Lane<unknown> } {
  const shown = <T>(of: (lanes: SpaceLanes) => Observable<T>) =>
    new Observable<T>((subscriber) => {
      const subscription = new Subscription(() => subscriber.complete())
      const begin = () =>
        connected.lanes().then(
          (lanes) => subscription.closed || subscription.add(of(lanes).subscribe(subscriber)),
          () => subscription.add(clock.after(LOAD_LANES_AGAIN_MS, begin)),
        )
      life.add(subscription)
      void begin()
      return subscription
    })
  const made: Record<string, Lane<unknown>> = {}
  return {
    presence$: shown((lanes) => lanes.presence(space)),
    lane(name) {
      const schema = own(definition.lanes, name)?.schema
      if (!schema) throw unnamed(`lane ${name} in ${space}`)
      made[name] ??= {
        items$: shown((lanes) => lanes.items(space, name)),
        state$: shown((lanes) => lanes.state(space, name)),
        say(given) {
          const body = validate(schema, given, name)
          const item = { id: newDocumentId(random), by: user, atMs: clock.nowMs() + connected.report().offsetMs, body }
          const accepted = connected.lanes().then((lanes) => lanes.say(space, name, item))
          // Whoever does not look at it misses nothing.
          accepted.catch(() => {})
          return { item, accepted }
        },
        playback: (fromMs, positionMs$) => shown((lanes) => lanes.playback(space, name, fromMs, positionMs$)),
      }
      return made[name]
    },
  }
}
