import { judge, type Mutation, NOTHING, type Range, type SpaceId, type Standing, standingAfter, type Version } from '@tidemark/shared'
import type { Applied, Copies } from '../following/copies.ts'
import type { Outbox } from '../outbox/outbox.ts'

/** Copies and outbox as numbers alone. */
export interface FakeReplica extends Copies, Outbox {
  readonly stands: Map<SpaceId, Standing>
  /** Verdicts, in order. */
  readonly applied: { readonly space: SpaceId; readonly verdict: Applied['verdict'] }[]
  readonly dropped: SpaceId[]
  pending: Mutation[]
  /** What is done and still shown, until copies reach these versions. */
  readonly shown: Map<SpaceId, Version>
  append(space: SpaceId): void
}

export const FAKE_CLIENT = 'c_AAAAAAAAAAAAAAAAAAAAAA'

export function fakeReplica(): FakeReplica {
  const listeners = new Set<() => void>()
  let lastN = 0
  let before = ''
  const replica: FakeReplica = {
    stands: new Map(),
    applied: [],
    dropped: [],
    pending: [],
    shown: new Map(),
    append(space) {
      const n = ++lastN
      replica.pending.push({ n, nonce: n.toString(16).padStart(16, '0'), space, name: 'put', args: {}, madeMs: 0 })
      for (const listener of listeners) listener()
    },
    standings: async (spaces) => new Map(spaces.map((space) => [space, replica.stands.get(space) ?? NOTHING])),
    async apply(range: Range) {
      const standing = replica.stands.get(range.space) ?? NOTHING
      const verdict = judge(standing, range)
      replica.applied.push({ space: range.space, verdict })
      if (verdict === 'news' || verdict === 'reset') replica.stands.set(range.space, standingAfter(range))
      return { verdict, standing: replica.stands.get(range.space) ?? NOTHING, whole: true }
    },
    known() {},
    async drop(space) {
      replica.dropped.push(space)
      replica.stands.delete(space)
    },
    async batch({ mutationsMax }) {
      const mutations = replica.pending.slice(0, mutationsMax)
      const [first] = mutations
      return first && { client: FAKE_CLIENT, on: before, mutations, first: first.n, epoch: 0 }
    },
    clientId: FAKE_CLIENT,
    asker: async () => ({ client: FAKE_CLIENT, settled: 0 }),
    async welcomed() {},
    async settle(acks) {
      for (const ack of acks) {
        const mutation = replica.pending.find(({ n, nonce }) => n === ack.n && nonce === ack.nonce)
        if (!mutation) continue
        before = mutation.nonce
        replica.pending = replica.pending.filter((other) => other !== mutation)
        for (const [space, version] of Object.entries(ack.in ?? {})) replica.shown.set(space, version as Version)
      }
      for (const [space, version] of replica.shown) if ((replica.stands.get(space)?.version ?? 0) >= version) replica.shown.delete(space)
      return new Map(replica.shown)
    },
    onAppended(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return replica
}
