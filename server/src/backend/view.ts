import { createHash } from 'node:crypto'
import type { App, Preset, SpaceDefinition } from '@tidemark/shared'
import type { ViewId } from './backend.ts'

/** What one reader sees of a space. */
export interface View {
  readonly id: ViewId
  /** Stands in the seals of this view after `-`; empty where all readers see the same. It changes with the rules. */
  readonly tag: string
  /** Whether a change to a document of this creator is shown; undefined where everything is. */
  readonly shows: ((collection: string, creator: string) => boolean) | undefined
  /** How many of its newest documents a first sync brings, for a windowed collection [W1]; 0 for one that no reader ever sees. */
  readonly windows: ReadonlyMap<string, number>
}

const WHOLE: View = { id: '', tag: '', shows: undefined, windows: new Map() }

/** The view that a reader has of a space of one kind, by the read presets of its collections. */
export type ViewOf = (kind: string, user: string) => View

export function viewsOf(app: App): ViewOf {
  const kinds = new Map(Object.entries(app.spaces).map(([kind, definition]) => [kind, kindViews(definition)]))
  return (kind, user) => kinds.get(kind)?.(user) ?? WHOLE
}

function kindViews(definition: SpaceDefinition): (user: string) => View {
  const presets = new Map<string, Preset>(Object.entries(definition.collections).map(([name, { read }]) => [name, read]))
  const windows = new Map<string, number>()
  for (const [name, { read, window }] of Object.entries(definition.collections)) {
    if (read === 'none') windows.set(name, 0)
    else if (window !== undefined) windows.set(name, window)
  }
  if ([...presets.values()].every((read) => read === 'space')) return () => ({ ...WHOLE, windows })

  const rules = digest(JSON.stringify([...presets].sort(([a], [b]) => (a < b ? -1 : 1))))
  const shows =
    (user: string) =>
    (collection: string, creator: string): boolean => {
      const read = presets.get(collection)
      return read === 'space' || (read === 'creator' && creator === user)
    }
  if (![...presets.values()].includes('creator')) {
    const shared: View = { id: rules, tag: rules, shows: shows(''), windows }
    return () => shared
  }
  // The id bears the user's name, not a digest of it: bytes are shared by it, and two users never share one.
  return (user) => ({
    id: `${rules}/${user}`,
    // A digest: most who ask for a view need no more than its id.
    get tag() {
      return digest(this.id)
    },
    shows: shows(user),
    windows,
  })
}

/** 8 hex digits: short in every seal, and different after a change of rules but once in 2^32. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
