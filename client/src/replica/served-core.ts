import { type Acked, type Heads, newClientId, type Range, type SpaceId, UnavailableError, within, ZERO } from '@tidemark/shared'
import { applyRange, dropCopy } from './apply-range.ts'
import type { Known } from './arrivals.ts'
import { type AwaitedPage, awaitPage } from './awaited-page.ts'
import { firstPending, nextBatch } from './batch.ts'
import { standingOf } from './begin-anew.ts'
import { sweep } from './garbage.ts'
import { compare, identities } from './healing.ts'
import { replay } from './replay.ts'
import type { LocalCore, ServedCore } from './replica-core.ts'
import { type CopyRow, type Identity, SELF, type SelfRow } from './rows.ts'
import { settle } from './settle.ts'
import { outdated } from './storage-error.ts'
import { present } from './unit.ts'

/** How long a page of older documents waits for the range that leads to where it was read, in ms. */
export const HEAD_WITHIN_MS = 5000
/** How long documents of a copy that is shown no longer stay, so that queries of other tabs find their way to the new one; in ms. */
const SWEEP_AFTER_MS = 5000
/** Spaces of which it is remembered what was done at their heads. */
const KNOWN_SPACES_MAX = 10_000

/** The half of a core that acts for a server. `deposed` is called when this tab led, and another one does now. */
export function createServedCore({ inside, onAppended }: LocalCore, deposed?: () => void): ServedCore {
  const { clock, random, storage, stage, tables, memo, read, unit, settledMs } = inside
  const known = new Map<SpaceId, Known>()
  let cancelSweep = () => {}
  const scheduleSweep = () => {
    cancelSweep()
    cancelSweep = clock.after(SWEEP_AFTER_MS, () => {
      unit('relaxed', sweep).then((more) => more && scheduleSweep(), scheduleSweep)
    })
  }
  const awaited = new Set<AwaitedPage>()
  /** The number of this tab, where it leads or led. */
  let leadNumber: number | undefined
  /** Looked at in the transaction of each step that only who leads takes. */
  const mustLead = ({ lead }: SelfRow) => {
    if (leadNumber === undefined || leadNumber === lead) return
    deposed?.()
    throw new UnavailableError('another tab of this app is connected now')
  }
  inside.onClose(() => cancelSweep())
  // What an earlier time left.
  scheduleSweep()
  const copyRows = (spaces: readonly SpaceId[]) =>
    storage.read(['copies'], (tx) => tx.getMany('copies', spaces)) as Promise<readonly (CopyRow | undefined)[]>

  return {
    get clientId() {
      return memo.clientId
    },
    onAppended,
    async lead() {
      // Until then a step under the number before may still be on its way.
      const taken = unit('relaxed', async (unit) => {
        const lead = ((await unit.self()).lead ?? 0) + 1
        await unit.setSelf({ lead })
        return lead
      })
      // Where it cannot be saved, nothing is compared.
      leadNumber = await taken.catch(() => undefined)
      return taken
    },
    async standings(spaces) {
      const rows = await copyRows(spaces)
      return new Map(spaces.map((space, at) => [space, standingOf(rows[at])]))
    },
    async apply(range: Range) {
      if (range.acked) remember(known, range.space, { acked: range.acked, head: range.head })
      // What was done in a history that is gone says nothing of the one that comes.
      else if (range.reset === 'history') known.delete(range.space)
      memo.mayTell ||= range.reset === 'history'
      const applied = await unit('relaxed', async (unit) => {
        // What this build would pass over, a newer one that has begun its copies anew would never see.
        if ((await unit.self()).tables.some((table) => !tables.includes(table))) throw outdated()
        for (const page of awaited) page.hear(range)
        return applyRange(unit, stage, range, known.get(range.space))
      })
      if (applied.verdict !== 'repeat') scheduleSweep()
      return applied
    },
    known(acked: Acked, heads: Heads) {
      for (const [space, head] of Object.entries(heads)) remember(known, space, { acked, head })
    },
    async drop(space) {
      known.delete(space)
      await unit('relaxed', (unit) => dropCopy(unit, stage, space))
      scheduleSweep()
    },
    async takeOlder(space, collection, server) {
      // In one transaction, so that no range comes in between.
      const page = await storage.read(['copies'], async (tx) => {
        const row = (await tx.get('copies', space)) as CopyRow | undefined
        // Nobody has written to it yet, and nothing of it has to be here.
        if (!row && known.get(space)?.head === 0) return
        const page = awaitPage(row, collection)
        awaited.add(page)
        return page
      })
      if (!page) return { added: 0, floor: ZERO }
      try {
        if (page.before === 0) return { added: 0, floor: ZERO }
        const answer = await server.page(page.before)
        const at = { version: answer.head, seal: answer.seal }
        const take = (isHeld: boolean) => unit('relaxed', (unit) => page.take(unit, stage, answer, isHeld))
        let taken = await take(false)
        if (taken === 'ahead') {
          await within(clock, HEAD_WITHIN_MS, page.reaches(at.version), () => new Error('no range')).catch(() => {})
          taken = await take(false)
        }
        if (taken === 'unproven' && (await server.holds(at))) taken = await take(true)
        return typeof taken === 'string' ? undefined : taken
      } finally {
        awaited.delete(page)
      }
    },
    async asker() {
      const { after, settled } = await read(['outbox'], async (tx) => {
        const self = present(await tx.get('self', SELF))
        mustLead(self)
        const identity = identities(self).at(-1) as Identity
        memo.clientId = identity.client
        const [first] = await firstPending(tx, identity)
        return { after: identity.after, settled: (first?.n ?? identity.upTo + 1) - 1 }
      })
      return { client: memo.clientId, settled: settled - after }
    },
    welcomed: (asker, acked) =>
      unit('strict', async (unit) => {
        mustLead(await unit.self())
        const spaces = (await compare(unit, asker, acked, newClientId(random))).flatMap(({ touched }) => touched)
        if (spaces.length > 0) await replay(unit, stage, spaces)
        memo.clientId = (await unit.self()).client
      }),
    batch: (bounds) =>
      read(['outbox', 'tail'], async (tx) => {
        mustLead(present(await tx.get('self', SELF)))
        return nextBatch(tx, bounds)
      }),
    settle: (acks, answer) =>
      unit('strict', async (unit) => {
        mustLead(await unit.self())
        const versions = await settle(unit, stage, acks, settledMs(), answer)
        const self = await unit.self()
        memo.clientId = self.client
        memo.mayTell ||= self.untold !== undefined
        return versions
      }),
  }
}

function remember(known: Map<SpaceId, Known>, space: SpaceId, fact: Known): void {
  known.delete(space)
  known.set(space, fact)
  if (known.size > KNOWN_SPACES_MAX) known.delete(known.keys().next().value as SpaceId)
}
