import type { SpaceId } from '@tidemark/shared'
import { fixedBeat } from '../connection/beat-policy.ts'
import { type LifecycleEvent, NO_HINTS } from '../connection/hints.ts'
import type { Diagnostic } from '../diagnostic.ts'
import type { LaneFrame } from '../lanes/lane-wire.ts'
import type { Phase } from '../replica-api.ts'
import { phaseOf } from '../report.ts'
import { createSync, type Sync, type SyncPorts } from '../sync.ts'
import { type FakeReplica, fakeReplica } from './fake-replica.ts'
import { type FakeServer, fakeServer } from './fake-server.ts'
import { seededRandom } from './seeded-random.ts'
import { type VirtualTime, virtualTime } from './virtual-time.ts'

/** The real machines and their driver, over copies and a server that are numbers alone, in virtual time. */
export interface SyncWorld {
  readonly time: VirtualTime
  readonly server: FakeServer
  readonly replica: FakeReplica
  readonly sync: Sync
  /** What the device tells. */
  readonly listeners: { network: () => void; life: (event: LifecycleEvent) => void; inFront: boolean }
  /** The device's own: they ring at multiples of `grainMs` alone, as those of hidden pages do. */
  readonly timers: { grainMs: number; rung: number }
  readonly noted: readonly Diagnostic[]
  /** What came of lanes. */
  readonly heard: readonly LaneFrame[]
  phase(): Phase
  /** How often the client stated something after its hello. */
  follows(): number
  /** Throws unless the copy stands where the server does. */
  atHead(space?: SpaceId): void
}

/** `settle` lets all promises run that can, such as a macrotask of the real event loop. */
export async function syncWorld(
  settle: () => Promise<void>,
  seed = 1,
  token: () => string | Promise<string> = () => 'good',
  more: Partial<SyncPorts> = {},
): Promise<SyncWorld> {
  const time = virtualTime(settle)
  const random = seededRandom(seed)
  const server = fakeServer(time, random)
  const replica = fakeReplica()
  const listeners: SyncWorld['listeners'] = { network: () => {}, life: () => {}, inFront: true }
  const noted: Diagnostic[] = []
  const heard: LaneFrame[] = []
  const timers = { grainMs: 1, rung: 0 }
  const sync = createSync(
    {
      network: {
        ...NO_HINTS,
        onChange(listener) {
          listeners.network = listener
          return () => {}
        },
      },
      lifecycle: {
        inFront: () => listeners.inFront,
        onChange(listener) {
          listeners.life = listener
          return () => {}
        },
      },
      transport: server.transport,
      clock: {
        ...time,
        after(ms, task) {
          const nowMs = time.monotonicMs()
          return time.after(Math.ceil((nowMs + ms) / timers.grainMs) * timers.grainMs - nowMs, () => {
            timers.rung++
            task()
          })
        },
      },
      random,
      beat: fixedBeat,
      copies: replica,
      outbox: replica,
      user: 'alice',
      appVersion: '1',
      token,
      canWait: () => false,
      ...more,
    },
    {
      changed() {},
      offset() {},
      lane: (frame) => heard.push(frame),
      noted: (kind, because) => noted.push({ kind, atMs: time.nowMs(), because }),
    },
  )
  sync.resume('app')
  return {
    time,
    server,
    replica,
    sync,
    listeners,
    timers,
    noted,
    heard,
    phase: () => phaseOf(sync.state()),
    follows: () => server.heard.filter(({ t }) => t === 'follow').length,
    atHead(space = 'room:1') {
      const there = server.stand(space)
      const { version, seal } = replica.stands.get(space) ?? { version: 0, seal: '' }
      if (version !== there.version || (version > 0 && seal !== there.seal))
        throw new Error(`${space} stands at ${version} ${seal}, the server at ${there.version} ${there.seal}`)
    },
  }
}
