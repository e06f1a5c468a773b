import type { Lane } from '@tidemark/client'
import type { ConsoleReplica } from './hooks.ts'

/** A lane of the app that this server runs, whose types no console knows. */
export type LiveLane = Pick<Lane<unknown>, 'items$' | 'state$'>

/** Opens it; `close` ends the follow of its space. Throws NotFoundError for a space or lane that the server did not tell of. */
export function openLane(replica: ConsoleReplica, space: string, lane: string): { readonly lane: LiveLane; close(): void } {
  const opened = (replica as unknown as { space(id: string): { lane(name: string): LiveLane; close(): void } }).space(space)
  return { lane: opened.lane(lane), close: () => opened.close() }
}
