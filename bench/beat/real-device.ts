import type { Lifecycle, LifecycleEvent, Network } from '@tidemark/client'
import { NO_HINTS } from '@tidemark/client/testing'
import type { Learned } from '../../client/src/connection/beat.ts'
import { CAREFUL_BEAT } from '../../client/src/connection/beat-policy.ts'
import { learnedPace } from '../../client/src/connection/learned-pace.ts'
import { ScriptedWorld } from '../../tests/simulation/cases/scripted-world.ts'
import { IdlePath } from './idle-path.ts'
import type { Cut } from './network.ts'

export interface DeviceOptions {
  readonly limitS: number
  readonly cut?: Cut
  readonly inFront?: boolean
  readonly endpoint?: string | undefined
  readonly memory?: Map<string, Learned>
  /** Timers ring at multiples of it only, as those of hidden pages do. */
  readonly grainMs?: number
}

/** The real client on real server code in virtual time, over a path that takes silent connections; in the background unless said otherwise. */
export async function realDevice(options: DeviceOptions) {
  const { limitS, cut = 'drop', memory = new Map<string, Learned>(), grainMs = 1 } = options
  const endpoint = 'endpoint' in options ? options.endpoint : 'wss://server'
  const world = new ScriptedWorld()
  world.latencyMs = 40
  let path: IdlePath | undefined
  const told = new Set<(event: LifecycleEvent) => void>()
  let changed = () => {}
  const life = { inFront: options.inFront ?? false }
  const lifecycle: Lifecycle = {
    inFront: () => life.inFront,
    onChange(listener) {
      told.add(listener)
      return () => told.delete(listener)
    },
  }
  const network: Network = {
    ...NO_HINTS,
    onChange(listener) {
      changed = listener
      return () => {}
    },
  }
  const clock = world.clock.clockOf({ alive: true, run: (task: () => void) => task() } as never)
  const tab = await world.open('alice', {
    ...{ lifecycle, network, beat: CAREFUL_BEAT },
    clock: (clock) => ({
      ...clock,
      after: (ms, task) => clock.after(Math.ceil((clock.monotonicMs() + ms) / grainMs) * grainMs - clock.monotonicMs(), task),
    }),
    through(line) {
      path = new IdlePath(line, clock, { cut, limitMs: limitS * 1000 }, endpoint)
      return path
    },
    learnedPace: async () => (ports) =>
      learnedPace({ recall: async (path) => memory.get(path), keep: (path, learned) => void memory.set(path, learned) }, ports),
  })
  await world.pass(1000)
  const hellos = (probe: boolean) => tab.line.seen('up', 'hello').filter((hello) => (hello.probe === true) === probe)
  let beatS = 0
  tab.replica.status$.subscribe((status) => {
    beatS = status.beatS
  })
  return {
    ...{ world, tab, memory },
    path: path as unknown as IdlePath,
    /** How often it connected, and how often a probe did. */
    lives: () => hellos(false).length,
    probes: () => hellos(true).length,
    beats: () => tab.line.seen('up', 'beat').length,
    beatS: () => beatS,
    show(inFront: boolean) {
      life.inFront = inFront
      for (const tell of told) tell(inFront ? 'show' : 'back')
    },
    moves: () => changed(),
  }
}
