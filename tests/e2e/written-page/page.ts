// Runs in the browser: what was written, as the streams of a replica tell it.
import { openReplica, type Pending, type Refused, type SentState } from '@tidemark/client'
import { app, CLOSED, OPEN } from './app.ts'

/** By title, as all streams of one moment have it. */
export interface Told {
  readonly pending: readonly string[]
  readonly refused: readonly string[]
  readonly cards: readonly string[]
  readonly audit: Readonly<Record<'created' | 'confirmed' | 'refused' | 'pending' | 'discarded', number>>
  /** Of each that was written since the page was loaded. */
  readonly states: Readonly<Record<string, readonly SentState['state'][]>>
}
export interface WrittenPage {
  write(title: string, where: 'open' | 'closed'): Promise<void>
  dismiss(title: string): Promise<void>
  retry(title: string): Promise<void>
  told(): Promise<Told>
}

const replica = await openReplica({
  app,
  url: location.origin,
  user: 'alice',
  token: () => new URLSearchParams(location.search).get('token') ?? '',
})
const spaces = { open: replica.space(OPEN), closed: replica.space(CLOSED) }
let pending: readonly Pending[] = []
let refused: readonly Refused[] = []
const states: Record<string, SentState['state'][]> = {}
replica.pending$.subscribe((list) => {
  pending = list
})
replica.rejected$.subscribe((list) => {
  refused = list
})
const titleOf = ({ args }: Pending | Refused) => args.id as string

const written: WrittenPage = {
  async write(title, where) {
    const { state$ } = await spaces[where].mutate.put({ c: 'cards', id: title, doc: { title } })
    const told: SentState['state'][] = []
    states[title] = told
    state$.subscribe(({ state }) => {
      if (state !== told.at(-1)) told.push(state)
    })
  },
  async dismiss(title) {
    await [...pending, ...refused].find((one) => titleOf(one) === title)?.dismiss()
  },
  async retry(title) {
    await [...pending, ...refused].find((one) => titleOf(one) === title)?.retry()
  },
  async told() {
    const cards = await spaces.open.cards.toArray()
    return {
      pending: pending.map(titleOf),
      refused: refused.map(titleOf),
      cards: cards.map(({ title }) => title),
      audit: await replica.audit(),
      states,
    }
  },
}
Object.assign(globalThis, { written })
