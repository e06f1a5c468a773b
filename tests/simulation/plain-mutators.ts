import type { OutboxEntry } from './disk-watch.ts'
import { FIVE } from './simulated-app.ts'

type Doc = Readonly<Record<string, unknown>>

/** Documents of one space, by `{collection} {id}`, as one mutation finds and leaves them. */
export interface PlainSpace {
  get(key: string): Doc | undefined
  /** undefined deletes. */
  set(key: string, doc: Doc | undefined): void
}

interface Tally {
  readonly count?: number
  readonly operations?: readonly string[]
}

class Refused extends Error {}

/**
 * The mutators of the simulated app once more, in the plainest way, and the built-in ones as far as the plan uses them. Returns
 * false where the mutation is refused; then nothing that it wrote counts.
 */
export function runPlain({ space, name, args, user }: OutboxEntry, spaceOf: (space: string) => PlainSpace): boolean {
  const here = spaceOf(space)
  const { id, c, operation, to, set, unset = [] } = args as Record<string, string> & { set?: Doc; unset?: readonly string[] }
  const tally = (key: string, into: PlainSpace) => {
    const { count = 0, operations = [] } = (into.get(key) ?? {}) as Tally
    into.set(key, { count: count + 1, operations: [...operations, operation] })
  }
  try {
    switch (name) {
      case 'note':
      case 'poison':
        if (here.get(`notes ${id}`)) throw new Refused()
        here.set(`notes ${id}`, { text: id, by: user })
        break
      case 'count':
        tally('tallies all', here)
        break
      case 'five':
        for (const place of FIVE) here.set(`notes ${place}`, { text: id, by: user })
        break
      case 'hide':
        here.set(`secrets ${id}`, { text: id, by: user })
        break
      case 'move':
        tally('tallies moves', here)
        tally('tallies moves', spaceOf(to as string))
        break
      case 'put':
        here.set(`${c} ${id}`, args.doc as Doc)
        break
      case 'delete':
        if (here.get(`${c} ${id}`)) here.set(`${c} ${id}`, undefined)
        break
      case 'patch': {
        const before = here.get(`${c} ${id}`)
        if (before === undefined) throw new Refused()
        const after: Record<string, unknown> = { ...before, ...set }
        for (const field of unset) delete after[field]
        here.set(`${c} ${id}`, after)
        break
      }
      default:
        throw new Error(`no plain mutator ${name}`)
    }
    return true
  } catch (error) {
    if (error instanceof Refused) return false
    throw error
  }
}
