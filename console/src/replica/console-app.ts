import type { ConsoleKind } from '@tidemark/server'
import { type App, defineApp, type LaneDefinition, lane, moderationSpace, space } from '@tidemark/shared'
import * as v from 'valibot'

/** What every console knows of: the space in which its acts are mutations. */
export const moderationApp = defineApp({ version: 'console', spaces: { moderation: moderationSpace } })

/**
 * The same, and the lanes of the app that this server runs, as it tells of them: their items are shown as they come. Its documents are left
 * out; whoever has to read them has the app for it.
 */
export function consoleApp(kinds: Readonly<Record<string, ConsoleKind>>): App {
  const ofLanes = Object.entries(kinds)
    .filter(([kind, { lanes }]) => kind !== 'moderation' && Object.keys(lanes).length > 0)
    .map(([kind, { lanes }]) => {
      const definitions = Object.entries(lanes).map(([name, { tickMs, cap, ring }]): [string, LaneDefinition] => {
        return [name, lane(v.unknown(), { tickMs, cap, ring }) as LaneDefinition]
      })
      return [kind, space({ lanes: Object.fromEntries(definitions) })] as const
    })
  return defineApp({ version: 'console', spaces: { moderation: moderationSpace, ...Object.fromEntries(ofLanes) } }) as App
}

/** Kinds that have lanes. */
export function laneKinds(kinds: Readonly<Record<string, ConsoleKind>>): readonly (readonly [string, ConsoleKind])[] {
  return Object.entries(kinds).filter(([kind, { lanes }]) => kind !== 'moderation' && Object.keys(lanes).length > 0)
}
