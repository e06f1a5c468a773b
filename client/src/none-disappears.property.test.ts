// Goal: what a person wrote is at each moment in exactly one place, as data: pending, refused, done by the server, or dismissed by the app.
// Method: any sequence of acts on tabs of one device, over a network that loses and a server that refuses; after each act every tab's streams, the audit
// and what the server has done are held against each other. Each mutation writes a document of its own, by whose id it is known wherever it goes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pending, Refused, SentState } from './replica-api.ts'
import { NO_FAULTS } from './testing/fake-server.ts'
import { type Tab, tabDevice } from './testing/tab-device.ts'

const ROUNDS = process.env.CI === undefined ? 30 : 300
/** On a machine that does other things, too. */
const TEST_WITHIN_MS = 180_000
const FAULTY = { lose: 0.05, repeat: 0.05, loseUp: 0.05, cut: 0.02, behind: 0.05, http: 0.1 }

const nth = fc.nat(7)
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('mutate' as const), tab: nth, refused: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('dismiss pending' as const, 'retry pending' as const), tab: nth, at: nth }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('dismiss refused' as const, 'retry refused' as const), tab: nth, at: nth }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'die' as const, 'freeze' as const, 'thaw' as const), tab: nth }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('open' as const, 'cut' as const, 'silent' as const, 'away' as const, 'down' as const, 'well' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('run' as const), ms: fc.constantFrom(1, 7, 20, 50, 300, 3000, 40_000) }) },
)
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never

/** A tab, and what its streams told last. */
interface Open {
  readonly tab: Tab
  pending: readonly Pending[]
  refused: readonly Refused[]
  isFrozen: boolean
}
const idOf = ({ args }: Pending | Refused) => args.id as string

async function play(acts: readonly Act[], seed: number): Promise<void> {
  const device = tabDevice(() => new Promise((resolve) => setImmediate(resolve)), seed)
  const { server, time } = device
  const made = new Set<string>()
  const refusable = new Set<string>()
  const dismissed = new Set<string>()
  const vanished: string[] = []
  const ends: { readonly id: string; states: SentState[]; completed: boolean }[] = []
  /** What each number was, as the server heard it. */
  const heard = new Map<number, string>()
  const done = new Set<string>()
  server.refuses = (n) => (refusable.has(heard.get(n) ?? '') ? { code: 'rejected', message: 'no', retryable: false } : undefined)
  server.running = ({ n, args }) => {
    // What was taken back comes without.
    if (args) heard.set(n, (args as { readonly id: string }).id)
  }
  let open: Open[] = []

  async function openTab(): Promise<void> {
    const one: Open = { tab: await device.open(), pending: [], refused: [], isFrozen: false }
    /** In the midst of being told, too, nothing is in none of them. */
    const tell = (more: Partial<Open>) => {
      const before = [...one.pending, ...one.refused].map(idOf)
      Object.assign(one, more)
      const now = new Set([...one.pending, ...one.refused].map(idOf))
      for (const n of server.done) done.add(heard.get(n) ?? '')
      vanished.push(...before.filter((id) => !now.has(id) && !done.has(id) && !dismissed.has(id)))
    }
    one.tab.replica.pending$.subscribe((pending) => tell({ pending }))
    one.tab.replica.rejected$.subscribe((refused) => tell({ refused }))
    open.push(one)
  }
  /** What both streams of a tab told is of one moment. */
  function apart({ pending, refused }: Open): void {
    const all = [...pending.map(idOf), ...refused.map(idOf)]
    expect(new Set(all).size, `twice among ${all}`).toBe(all.length)
  }
  async function look(): Promise<void> {
    for (const n of server.done) done.add(heard.get(n) ?? '')
    expect(vanished).toEqual([])
    for (const { tab, pending, refused, isFrozen } of open) {
      if (isFrozen) continue
      const { created, confirmed, discarded, ...audit } = await tab.replica.audit()
      expect(audit).toEqual({ pending: pending.length, refused: refused.length })
      expect(created).toBe(made.size)
      const listed = new Set([...pending, ...refused].map(idOf))
      expect(listed.size).toBe(pending.length + refused.length)
      const gone = [...made].filter((id) => !listed.has(id))
      expect(confirmed + discarded).toBe(gone.length)
      for (const id of gone) expect([id, done.has(id) || dismissed.has(id)]).toEqual([id, true])
      for (const { state, attempts } of pending) expect(state === 'sent' ? attempts > 0 : true).toBe(true)
    }
  }

  async function perform(one: Act): Promise<void> {
    const awake = open.filter(({ isFrozen }) => !isFrozen)
    const chosen = 'tab' in one ? awake[one.tab % awake.length] : undefined
    switch (one.do) {
      case 'run':
        return time.run(one.ms)
      case 'open':
        return open.length < 3 ? openTab() : undefined
      case 'cut':
      case 'silent':
        return server.cut(one.do === 'silent')
      case 'away':
        server.reachable = false
        return server.cut()
      case 'down':
        server.refuseBatches = { code: 'unavailable', message: 'down', retryable: true }
        server.faults = FAULTY
        return
      case 'well':
        server.reachable = true
        server.refuseBatches = undefined
        return
      case 'mutate': {
        if (!chosen) return
        const id = `m${made.size}`
        made.add(id)
        if (one.refused) refusable.add(id)
        const sent = await chosen.tab.room.mutate.send({ id, text: id })
        const end = { id, states: [] as SentState[], completed: false }
        sent.state$.subscribe({
          next: (state) => end.states.push(state),
          complete: () => {
            end.completed = true
          },
        })
        ends.push(end)
        return
      }
      case 'dismiss pending':
      case 'retry pending': {
        const pending = chosen?.pending[one.at % chosen.pending.length]
        if (!pending) return
        if (one.do === 'retry pending') return pending.retry()
        dismissed.add(idOf(pending))
        return pending.dismiss()
      }
      case 'dismiss refused':
      case 'retry refused': {
        const refused = chosen?.refused[one.at % chosen.refused.length]
        if (!refused) return
        if (one.do === 'dismiss refused') {
          dismissed.add(idOf(refused))
          return refused.dismiss()
        }
        // Of two tabs that do it one comes too late.
        await refused.retry().catch((error) => expect(error.code).toBe('not-found'))
        return
      }
      case 'thaw':
        for (const frozen of open) {
          if (frozen.isFrozen) frozen.tab.thaw()
          frozen.isFrozen = false
        }
        return
      case 'freeze':
      case 'close':
      case 'die':
        if (!chosen || awake.length < 2) return
        if (one.do === 'freeze') {
          chosen.isFrozen = true
          chosen.tab.freeze()
          return
        }
        open = open.filter((other) => other !== chosen)
        await (one.do === 'close' ? chosen.tab.replica.close() : chosen.tab.die())
    }
  }

  await openTab()
  for (const one of acts) {
    await perform(one)
    for (const each of open) if (!each.isFrozen) apart(each)
    await time.run(0)
    await look()
  }
  await perform({ do: 'thaw', tab: 0 })
  await perform({ do: 'well' })
  server.faults = NO_FAULTS
  server.cut()
  await time.run(400_000)
  await look()
  for (const { tab, pending, refused } of open) {
    expect(pending).toEqual([])
    const { confirmed, discarded } = await tab.replica.audit()
    const listed = new Set(refused.map(idOf))
    expect(confirmed).toBe([...made].filter((id) => done.has(id)).length)
    expect(discarded).toBe([...made].filter((id) => !done.has(id) && !listed.has(id)).length)
  }
  for (const { id, states, completed } of ends) {
    const { state } = states.at(-1) as SentState
    if (state === 'confirmed') expect([id, done.has(id), completed]).toEqual([id, true, true])
    if (state === 'refused') expect([id, refusable.has(id), completed]).toEqual([id, true, true])
    if (state === 'dismissed') expect([id, dismissed.has(id)]).toEqual([id, true])
  }
  await device.close()
}

describe('no mutation disappears', () => {
  it(
    'whatever is made, answered, refused, tried again, taken back, reloaded or taken over',
    () => fc.assert(fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 60 }), fc.nat(10_000), play), { numRuns: ROUNDS }),
    TEST_WITHIN_MS,
  )
})
