import { type App, kindOf, NotFoundError, type SpaceDefinition, type SpaceId } from '@tidemark/shared'

/** What stands under a name that came from outside: nothing that is inherited. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/** What the app says of the spaces of this one's kind. Throws NotFoundError where it has no such kind. */
export function definitionOf(app: App, space: SpaceId): SpaceDefinition {
  const kind = kindOf(space)
  const definition = own(app.spaces, kind)
  if (!definition) throw new NotFoundError(`no space kind ${kind}: name it in defineApp`)
  return definition
}
