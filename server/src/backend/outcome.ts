import { type SpaceId, type SyncError, toVersion, toWire, type Version } from '@tidemark/shared'
import { MESSAGE_CHARACTERS_MAX } from './bounds.ts'

/** How something ended, as it is kept and spliced into answers: `{"in":{...}}`. */
export function doneText(versions: ReadonlyMap<SpaceId, Version>): string {
  const places = Array.from(versions, ([space, version]) => `${JSON.stringify(space)}:${version}`)
  return `{"in":{${places.join(',')}}}`
}

/** `{"error":{...}}`, with a message of bounded length. */
export function errorText(error: SyncError): string {
  const { message, ...rest } = toWire(error)
  return JSON.stringify({ error: { ...rest, message: message.slice(0, MESSAGE_CHARACTERS_MAX) } })
}

/** Where the commits stand that an outcome tells of; none in a refusal. */
export function versionsIn(outcome: string): [SpaceId, Version][] {
  const { in: versions = {} } = JSON.parse(outcome) as { in?: Record<SpaceId, number> }
  return Object.entries(versions).map(([space, version]) => [space, toVersion(version)])
}
