import type { Json, Mutation } from '@tidemark/shared'

export type Doc = Record<string, Json>
export type Docs = Map<string, { doc: Doc; b: number }>
export type Access = { get(space: string, key: string): Doc | undefined; set(space: string, key: string, doc: Doc | undefined): void }

/** What each mutator does, said once more in the plainest way. False: it refuses. */
export function perform(
  { space, name, args, madeMs }: Pick<Mutation, 'space' | 'name' | 'args' | 'madeMs'>,
  { get, set }: Access,
  settled: (space: string) => boolean,
): boolean {
  const { id, text, to, c, doc } = args as Record<string, string> & { doc: Doc }
  const write = (at: string, key: string, value: Doc | undefined) => {
    if (!settled(at)) set(at, key, value)
  }
  const message = `messages/${id}`
  const counter = `counters/${id}`
  switch (name) {
    case 'send':
      if (settled(space)) return true
      if (get(space, message)) return false
      write(space, message, { text: text as string, author: 'alice', sentAtMs: madeMs })
      return true
    case 'edit': {
      if (settled(space)) return true
      const before = get(space, message)
      if (!before) return false
      write(space, message, { ...before, text: text as string })
      return true
    }
    case 'increment':
      write(space, counter, { value: ((get(space, counter)?.value as number) ?? 0) + 1 })
      return true
    case 'copyTo':
      write(to as string, counter, { value: (get(space, counter)?.value as number) ?? 0 })
      return true
    case 'delete':
      if (get(space, `${c}/${id}`)) write(space, `${c}/${id}`, undefined)
      return true
    default:
      write(space, `${c}/${id}`, doc)
      return true
  }
}
export const touchedBy = ({ space, args }: Pick<Mutation, 'space' | 'args'>): string[] => [
  ...new Set([space, ...(args.to ? [args.to as string] : [])]),
]
