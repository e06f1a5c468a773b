import { FAIR, type NetworkFaults } from '../plan.ts'
import { type SeededRandom, streamOf } from '../seeded-random.ts'
import { LANES, type LaneName } from './show-app.ts'

/** What can go wrong with a show, by class. */
export const LANE_FAULTS = {
  overload: 'more is said within a tick than its cap, the same again and again',
  'lane-stall': "the server's timers fire late by 1 to 5 ticks",
  'lane-crash': 'the server dies between any two steps of append, mark and merge, or anywhere else, and starts again',
  'lane-restart': 'the server is ended in good order and started again',
  'slow-store': 'each step of the store of lanes, and each commit, takes up to 400 ms',
  'store-failure': 'a step of the store of lanes fails',
  'say-loss': 'frames are lost, so that what was said is said again under its id, over HTTP, too',
  again: 'what was said is said again under the same id, at once or later, by its user or by another one',
  'lost-ticks': 'the bus loses, repeats and delays frames of lanes',
  'slow-reader': 'the system of a device takes no bytes for a while',
  drop: 'connections end, and one or both sides are told',
  reopen: 'a page is closed and opened again',
  'clock-back': "the server's wall clock steps back",
  adjust: 'length of ticks and cap are changed while a lane runs',
  stop: 'lanes are stopped and resumed',
  clear: 'screens are cleared',
  words: 'words are listed and taken off the list, of every action',
  people: 'users are muted, blocked and forgiven, and some of that ends by itself',
  desk: 'what is held is released or discarded, and announcements are made',
} as const
export type LaneFault = keyof typeof LANE_FAULTS
export const LANE_FAULT_NAMES = Object.keys(LANE_FAULTS) as readonly LaneFault[]

export const SPEAKERS = ['ada', 'bob', 'cleo', 'dora'] as const
export type Speaker = (typeof SPEAKERS)[number]
/** By what is done with a text that holds them. */
export const WORDS = { darn: 'drop', fudge: 'mask', hmm: 'hold' } as const
export type Word = keyof typeof WORDS

type OfLane = { readonly lane: LaneName }
export type ShowAction =
  | ({ readonly do: 'say'; readonly who: Speaker; readonly text: string } & OfLane)
  /** Over HTTP alone, under this id, so many times. */
  | ({ readonly do: 'post'; readonly who: Speaker; readonly id: string; readonly text: string; readonly times: number } & OfLane)
  /** What was said as the `of`th thing, once more; `who`: by somebody else, under the same id. */
  | { readonly do: 'again'; readonly of: number; readonly who?: Speaker }
  | { readonly do: 'note'; readonly who: Speaker; readonly id: string }
  | { readonly do: 'kill'; readonly downMs: number }
  /** The server dies at the `calls`th step of its store of lanes from then on, before or after it is done. */
  | { readonly do: 'die'; readonly calls: number; readonly isBefore: boolean; readonly downMs: number }
  | { readonly do: 'restart' }
  | { readonly do: 'stall'; readonly ticks: number }
  | { readonly do: 'fail'; readonly calls: number }
  | { readonly do: 'clock'; readonly byMs: number }
  | { readonly do: 'reopen'; readonly who: Speaker }
  | ({ readonly do: 'adjust'; readonly tickMs?: number; readonly cap?: number } & OfLane)
  | ({ readonly do: 'stop' | 'resume' | 'clear' } & OfLane)
  | { readonly do: 'list' | 'unlist'; readonly word: Word }
  | { readonly do: 'mute' | 'block'; readonly who: Speaker; readonly forMs: number }
  | { readonly do: 'forgive'; readonly who: Speaker }
  | { readonly do: 'release' | 'discard'; readonly at: number }
  | ({ readonly do: 'announce'; readonly id: string; readonly text: string } & OfLane)
export type ShowStep = ShowAction & { readonly atMs: number }

export interface ShowPlan {
  readonly seed: number
  readonly classes: readonly LaneFault[]
  readonly network: NetworkFaults
  /** How long a step of the store takes at most, in ms. */
  readonly storeMsMax: number
  /** The chance that the bus loses a frame of a lane, and that it repeats or delays one. */
  readonly lostTicks: number
  /** For so long things are said and fail, in ms. */
  readonly chaosMs: number
  readonly steps: readonly ShowStep[]
}

/** Classes that a run is told to have, or to do without; the rest is drawn. */
export interface ForcedFaults {
  readonly on?: ReadonlySet<LaneFault>
  readonly off?: ReadonlySet<LaneFault>
}

const CHAOS_MS = 40_000

export function drawShow(seed: number, { on, off }: ForcedFaults = {}): ShowPlan {
  const draw = streamOf(seed, 'classes')
  // Swarm testing, as in fault-classes.ts: each class is off in about half of the seeds.
  const drawn = LANE_FAULT_NAMES.filter((name) => (draw.chance(0.4) || on?.has(name)) && !off?.has(name))
  const classes = new Set(drawn)
  const random = streamOf(seed, 'plan')
  const has = (name: LaneFault) => classes.has(name)
  const rate = (name: LaneFault, most: number) => (has(name) ? Math.ceil(random.unit() * most * 1000) / 1000 : 0)
  const steps: ShowStep[] = []
  const time = () => random.between(0, CHAOS_MS)
  /** Lays some steps into the future: as many of each class that is on. */
  const lay = (name: LaneFault | undefined, most: number, action: () => ShowAction) => {
    if (name === undefined || has(name))
      for (let left = random.between(1, most); left > 0; left--) steps.push({ atMs: time(), ...action() })
  }
  const who = () => random.pick(SPEAKERS)
  const lane = () => random.pick(LANES)
  const kept = () => random.pick(LANES.filter((name) => name !== 'typing'))
  const word = () => random.pick(Object.keys(WORDS) as Word[])

  for (let n = 1; n <= 40; n++) steps.push({ atMs: time(), do: 'say', who: who(), lane: lane(), text: textOf(random, n) })
  for (let n = 1; n <= 8; n++) steps.push({ atMs: time(), do: 'note', who: who(), id: `n${n}` })
  if (has('overload'))
    for (let burst = random.between(1, 3); burst > 0; burst--) {
      const atMs = time()
      const place = lane()
      const same = random.chance(0.5) ? 'wow' : undefined
      for (let n = 0; n < 15; n++)
        steps.push({ atMs: atMs + random.between(0, 300), do: 'say', who: who(), lane: place, text: same ?? `burst ${burst} ${n}` })
    }
  lay('again', 12, () => ({ do: 'again', of: random.between(0, 60), ...(random.chance(0.2) && { who: who() }) }))
  let posts = 0
  lay('again', 6, () => ({ do: 'post', who: who(), lane: lane(), id: `p${++posts}`, text: textOf(random, 900 + posts), times: 3 }))
  lay('lane-crash', 3, () => ({ do: 'kill', downMs: random.between(0, 6000) }))
  lay('lane-crash', 4, () => ({
    do: 'die',
    calls: random.between(1, 6),
    isBefore: random.chance(0.5),
    downMs: random.between(0, 3000),
  }))
  lay('lane-restart', 2, () => ({ do: 'restart' }))
  lay('lane-stall', 6, () => ({ do: 'stall', ticks: random.between(1, 5) }))
  lay('store-failure', 4, () => ({ do: 'fail', calls: random.between(1, 3) }))
  lay('clock-back', 3, () => ({ do: 'clock', byMs: -random.between(1, 3000) }))
  lay('reopen', 3, () => ({ do: 'reopen', who: who() }))
  lay('adjust', 4, () => ({
    do: 'adjust',
    lane: kept(),
    ...(random.chance(0.6) && { tickMs: random.pick([100, 700, 1000, 3000]) }),
    ...(random.chance(0.6) && { cap: random.pick([1, 3, 20]) }),
  }))
  lay('stop', 3, () => ({ do: 'stop', lane: lane() }))
  lay('stop', 3, () => ({ do: 'resume', lane: lane() }))
  lay('clear', 3, () => ({ do: 'clear', lane: lane() }))
  if (has('words') || has('desk')) steps.push({ atMs: 0, do: 'list', word: 'hmm' })
  lay('words', 4, () => ({ do: 'list', word: word() }))
  lay('words', 3, () => ({ do: 'unlist', word: word() }))
  lay('people', 4, () => ({ do: random.pick(['mute', 'block'] as const), who: who(), forMs: random.pick([2000, 8000, 3_600_000]) }))
  lay('people', 2, () => ({ do: 'forgive', who: who() }))
  lay('desk', 12, () => ({ do: random.chance(0.7) ? 'release' : 'discard', at: random.between(0, 5) }))
  let told = 0
  lay('desk', 3, () => ({ do: 'announce', lane: kept(), id: `a${++told}`, text: `announced ${told}` }))
  const network: NetworkFaults = {
    ...FAIR,
    loss: rate('say-loss', 0.15),
    repeat: rate('say-loss', 0.1),
    oneWayCut: rate('drop', 0.3),
    cut: rate('drop', 0.5),
    silentClose: rate('drop', 0.3),
    slowPipe: rate('slow-reader', 0.8),
  }
  steps.sort((a, b) => a.atMs - b.atMs)
  return {
    seed,
    classes: drawn,
    network,
    storeMsMax: has('slow-store') ? random.pick([20, 100, 400]) : 0,
    lostTicks: rate('lost-ticks', 0.3),
    chaosMs: CHAOS_MS,
    steps,
  }
}

/** Now and then something that a filter may look for, and what others say, too. */
function textOf(random: SeededRandom, n: number): string {
  if (random.chance(0.2)) return random.pick(['wow', 'WOW', ' wow ', 'go'])
  return random.chance(0.4) ? `no ${n} ${random.pick(Object.keys(WORDS))}` : `no ${n}`
}
