import { type App, kindOf, NotFoundError, type SpaceDefinition, type SpaceId } from '@tidemark/shared'

/** What stands under a name that came from outside: nothing that is inherited. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/** Of something that an app has not got. */
export function unnamed(what: string): NotFoundError {
  return new NotFoundError(`no ${what}: name it in defineApp`)
}

/** What the app says of the spaces of this one's kind. Throws NotFoundError where it has no such kind. */
export function definitionOf(app: App, space: SpaceId): SpaceDefinition {
  const kind = kindOf(space)
  const definition = own(app.spaces, kind)
  if (!definition) throw unnamed(`space kind ${kind}`)
  return definition
}
