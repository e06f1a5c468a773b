import type { NetworkKind } from '@tidemark/client/testing'
import { absences } from './absences.ts'
import type { DiskFault } from './disk.ts'
import { drawClasses, type FaultClass, type ForcedClasses } from './fault-classes.ts'
import { forks } from './forks.ts'
import { type SeededRandom, streamOf } from './seeded-random.ts'
import { POISON, type SimulatedSpace, SPACES } from './simulated-app.ts'
import { tabFaults } from './tab-faults.ts'

/** How a network is bad; each rate between 0 (never) and 1. */
export interface NetworkFaults {
  readonly delayMsMax: number
  /** Of one frame. */
  readonly loss: number
  readonly repeat: number
  readonly reorder: number
  readonly late: number
  /** Of one connection or request. */
  readonly cut: number
  readonly oneWayCut: number
  readonly halfOpen: number
  readonly silentClose: number
  readonly html: number
  readonly refused: number
  readonly slowPipe: number
}

/** A path that ends connections which were silent for that long, in ms, and how. */
export interface IdleCut {
  readonly limitMs: number
  readonly cut: 'drop' | 'reset' | 'close'
}

/** How tokens are given out, and what goes wrong with that. */
export interface TokenFaults {
  /** How long a token counts, in ms; 0: for ever. */
  readonly lifeMs: number
  /** The chance that none is given out. */
  readonly fails: number
  readonly delayMsMax: number
  /** The chance that it is another user's. */
  readonly wrong: number
  /** The chance that nothing ever comes of it. */
  readonly hangs: number
}

/** What goes wrong in the server beside what the steps say. */
export interface ServerFaults {
  /** How long a flush of the changelog takes at most, and the way from there to the answer, in ms. */
  readonly flushMsMax: number
  /** The chance that a run of a mutator throws. */
  readonly throws: number
  /** The chance that a hint of the bus is lost; as many are doubled, and as many late. */
  readonly hints: number
  /** Connections that are taken in a second; undefined: as the server has it. */
  readonly hellosPerS?: number | undefined
  /** How long the access rule and the check of a token take at most, in ms. */
  readonly ruleMsMax?: number | undefined
}

export interface DevicePlan {
  readonly name: string
  readonly user: string
  readonly tabs: number
  readonly skewMs: number
  /** How long a unit of its storage takes at most, in ms. */
  readonly slownessMs: number
  /** Changes that its pulls ask for at most; 0: as many as the server gives. */
  readonly pageChanges: number
  readonly idle?: IdleCut | undefined
}

type OfTab = { readonly device: string; readonly tab: number }
type OfDevice = { readonly device: string }

/** A tab is named by its place among those that are open then. */
export type TabAction =
  | (OfTab & { do: 'mutate'; space: SimulatedSpace; name: string; args: Readonly<Record<string, unknown>> })
  | (OfTab & { do: 'older'; space: SimulatedSpace; limit: number })
  | (OfTab & { do: 'retry' | 'dismiss' | 'reload' | 'close tab' | 'kill tab' | 'go offline' | 'go online' })
  | (OfTab & { do: 'follow' | 'unfollow'; space: SimulatedSpace })
  | (OfTab & { do: 'take back'; isLast: boolean })
  | (OfTab & { do: 'freeze'; forMs: number })
  | (OfTab & { do: 'back'; grainMs: number })
  | (OfTab & { do: 'show' | 'hide' | 'touch' })
  | (OfTab & { do: 'network'; kind: NetworkKind })
export type DeviceAction =
  | (OfDevice & { do: 'start'; tabs: number })
  | (OfDevice & { do: 'crash' | 'lose power' | 'evict' })
  | (OfDevice & { do: 'throttle'; grainMs: number })
  | (OfDevice & { do: 'sleep'; forMs: number })
  | (OfDevice & { do: 'no network'; forMs: number; isTold: boolean })
  | (OfDevice & { do: 'jump'; byMs: number })
  | (OfDevice & { do: 'rob'; tellMs: number })
  | (OfDevice & { do: 'stick locks'; forMs: number })
  | (OfDevice & { do: 'clone'; as: string })
  | (OfDevice & { do: 'roll back'; commits: number })
  | (OfDevice & { do: 'switch user'; user: string })
  | (OfDevice & { do: 'strike'; fault: DiskFault })
export type ServerAction =
  | { do: 'kill server' | 'start server' | 'stop server' | 'backup' }
  | { do: 'restore'; living: boolean }
  | { do: 'trim'; space: SimulatedSpace; log: number; deletions: number }
  | { do: 'fail commit'; taken: boolean }
  | { do: 'allow'; user: string; space: SimulatedSpace; access: 'none' | 'read' | 'write' }
  | { do: 'undecide'; forMs: number }
export type Action = TabAction | DeviceAction | ServerAction
/** `atMs`: virtual time since the beginning. */
export type Step = { readonly atMs: number } & Readonly<Action>

/** Everything that a run depends on. A run is a function of it, and leaving a step out moves little else. */
export interface Plan {
  readonly seed: number
  readonly classes: readonly FaultClass[]
  readonly network: NetworkFaults
  readonly tokens: TokenFaults
  readonly server: ServerFaults
  /** The chance that a word between tabs is lost. */
  readonly mute?: number | undefined
  readonly devices: readonly DevicePlan[]
  /** Its tabs watch queries. */
  readonly watches?: boolean
  /** In order of time. */
  readonly steps: readonly Step[]
  /** When the faults end, in ms. */
  readonly chaosMs: number
  /** True where connections that died without a word are left to the beats when the faults end; else their ends are told. */
  readonly patient: boolean
  /** For how long the world is watched when everything is right, in ms; where the beats were not waited for, not at all. */
  readonly idleMs: number
}

/** What people do in a run: mutations, those around absences too, lines that are scrolled up to, and refusals that are heeded. */
const OPERATIONS = 100
const SCROLLS = 10
const REFUSALS_HEEDED = 6
const TAKEN_BACK_MAX = 8
/** Somebody thinks better of what they did within this, in ms: before it is sent, while it is, or while there is no connection. */
const SECOND_THOUGHTS_MS = [1, 50, 1000, 10_000] as const
const CHAOS_MS = 90_000
const NETWORK_KINDS = ['wifi', 'cellular', 'ethernet', 'unknown'] as const
const YEAR_MS = 365 * 86_400_000
const USERS = ['alice', 'bob', 'carol'] as const
/** Who begins where. */
const DEVICES = ['alice', 'alice', 'bob', 'bob', 'carol'] as const
/** How a run ends: few wait for the beats, for that takes most of a run's steps. */
const ENDINGS = [
  { patient: true, idleMs: 180_000 },
  { patient: true, idleMs: 15_000 },
  { patient: true, idleMs: 15_000 },
  ...Array.from({ length: 9 }, () => ({ patient: false, idleMs: 0 })),
]

export const FAIR: NetworkFaults = {
  delayMsMax: 40,
  loss: 0,
  repeat: 0,
  reorder: 0,
  late: 0,
  cut: 0,
  oneWayCut: 0,
  halfOpen: 0,
  silentClose: 0,
  html: 0,
  refused: 0,
  slowPipe: 0,
}
export const TOKENS_FOR_EVER: TokenFaults = { lifeMs: 0, fails: 0, delayMsMax: 0, wrong: 0, hangs: 0 }

export function drawPlan(seed: number, forced: ForcedClasses = {}): Plan {
  const classes = drawClasses(streamOf(seed, 'classes'), forced)
  const random = streamOf(seed, 'plan')
  const has = (name: FaultClass) => classes.has(name)
  const rate = (name: FaultClass, most: number) => (has(name) ? Math.ceil(random.unit() * most * 1000) / 1000 : 0)
  const devices = DEVICES.map(
    (user, at): DevicePlan => ({
      name: `device ${at}`,
      user,
      tabs: has('tabs') ? random.pick([1, 1, 1, 2, 3]) : 1,
      skewMs: has('clock-skew') ? random.between(-YEAR_MS, YEAR_MS) : 0,
      slownessMs: has('slow-disk') ? random.pick([0, 0, 5, 50, 500]) : 0,
      pageChanges: random.pick([0, 0, 1, 3, 10]),
      ...(has('idle-cut') && { idle: idleCut(streamOf(seed, 'idle', at)) }),
    }),
  )
  const away = has('trim') ? absences(streamOf(seed, 'absences'), devices, classes, CHAOS_MS) : []
  const forked = has('restore') && (has('clone') || has('rollback')) ? forks(streamOf(seed, 'forks'), devices, classes, CHAOS_MS) : []
  const operations = OPERATIONS - [...away, ...forked].filter((step) => step.do === 'mutate' || step.do === 'older').length
  const steps = [...workload(random, devices, operations), ...faults(streamOf(seed, 'faults'), devices, classes), ...forked, ...away]
  const betweenTabs = streamOf(seed, 'between tabs')
  steps.push(...tabFaults(betweenTabs, devices, classes, CHAOS_MS), ...changesOfMind(streamOf(seed, 'taken back'), steps))
  return {
    seed,
    classes: [...classes],
    network: {
      delayMsMax: has('delay') ? random.pick([200, 1000, 3000]) : 30,
      loss: rate('loss', 0.15),
      repeat: rate('repeat', 0.15),
      reorder: rate('reorder', 0.15),
      late: rate('late-frame', 0.5),
      cut: rate('cut', 0.4),
      oneWayCut: rate('one-way-cut', 0.3),
      halfOpen: rate('half-open', 0.3),
      silentClose: rate('silent-close', 0.8),
      html: rate('html', 0.3),
      refused: rate('503', 0.3),
      slowPipe: rate('slow-pipe', 0.5),
    },
    tokens: {
      lifeMs: has('token-expiry') ? random.pick([30_000, 60_000, 150_000]) : 0,
      fails: rate('token-failure', 0.5),
      delayMsMax: has('token-failure') ? random.pick([0, 1000, 30_000]) : 0,
      wrong: rate('wrong-user', 0.3),
      hangs: has('token-hang') ? 0.2 : 0,
    },
    server: {
      flushMsMax: random.pick([0, 3, 20, 200]),
      throws: rate('mutator-throw', 0.2),
      hints: rate('lost-hints', 0.3),
      ...(has('slow-rules') && { ruleMsMax: streamOf(seed, 'rules').pick([20, 300, 2000]) }),
      ...(has('crowd') && { hellosPerS: 2 }),
    },
    ...(has('mute-tabs') && { mute: betweenTabs.pick([0.05, 0.3, 1]) }),
    devices,
    watches: streamOf(seed, 'watches').chance(0.5),
    steps: steps.filter(({ atMs }) => atMs < CHAOS_MS).sort((a, b) => a.atMs - b.atMs),
    chaosMs: CHAOS_MS,
    ...random.pick(ENDINGS),
  }
}

/** What people do, in so many operations. */
function workload(random: SeededRandom, devices: readonly DevicePlan[], operations: number): Step[] {
  const steps: Step[] = []
  const notes: { readonly id: string; readonly user: string; readonly space: SimulatedSpace }[] = []
  // In some seeds all of it comes in a few bursts.
  const bursts = random.chance(0.3) ? Array.from({ length: 6 }, () => random.between(0, CHAOS_MS)) : undefined
  const atMs = () => (bursts ? Math.min(CHAOS_MS, random.pick(bursts) + random.between(0, 300)) : random.between(0, CHAOS_MS))
  const times = Array.from({ length: operations - SCROLLS - REFUSALS_HEEDED }, atMs).sort((a, b) => a - b)
  for (const [count, time] of times.entries()) {
    const { name: device, user } = random.pick(devices)
    const id = `${device.replace('device ', 'd')}-${count}`
    const room = random.pick(['room:a', 'room:b'] as const)
    const space = random.pick(SPACES)
    const mutate = (where: SimulatedSpace, name: string, args: Readonly<Record<string, unknown>>) =>
      steps.push({ atMs: time, do: 'mutate', device, tab: random.between(0, 2), space: where, name, args })
    const line = `line-${random.between(0, 15)}`
    const secret = `secret-${random.between(0, 3)}`
    const theirs = notes.filter((note) => note.user !== user)
    switch (
      random.pick([
        'note',
        'count',
        'count',
        'count',
        'move',
        'hide',
        'forge',
        'line',
        'line',
        'line',
        'mark',
        'tally',
        'five',
        'unline',
        'secret',
      ] as const)
    ) {
      case 'note':
        notes.push({ id, user, space: room })
        mutate(room, 'note', { id })
        break
      case 'count':
        mutate(space, 'count', { operation: id })
        break
      case 'move':
        mutate(room, 'move', { operation: id, to: room === 'room:a' ? 'room:b' : 'room:a' })
        break
      case 'hide':
        mutate(room, 'hide', { id })
        break
      case 'forge': {
        // Somebody else's note, if there is one: fine here, forbidden there.
        const note = theirs.length > 0 ? random.pick(theirs) : { id: 'nothing', space: room }
        mutate(note.space, 'patch', { c: 'notes', id: note.id, set: { text: id } })
        break
      }
      case 'line':
        mutate(space, 'put', { c: 'lines', id: line, doc: { text: id, by: user, ...(random.chance(0.5) && { mark: id }) } })
        break
      case 'five':
        mutate(space, 'five', { id })
        break
      case 'tally':
        mutate(space, 'patch', { c: 'tallies', id: 'all', set: { mark: id } })
        break
      case 'mark':
        mutate(space, 'patch', { c: 'lines', id: line, ...(random.chance(0.5) ? { set: { mark: id } } : { unset: ['mark'] }) })
        break
      case 'unline':
        mutate(space, 'delete', { c: 'lines', id: line })
        break
      case 'secret':
        if (random.chance(0.5)) mutate(room, 'put', { c: 'secrets', id: secret, doc: { text: id, by: user } })
        else mutate(room, 'delete', { c: 'secrets', id: secret })
    }
  }
  for (let count = 0; count < SCROLLS; count++)
    steps.push({ atMs: atMs(), do: 'older', ...place(random, devices), space: random.pick(SPACES), limit: random.between(1, 6) })
  for (let count = 0; count < REFUSALS_HEEDED; count++)
    steps.push({ atMs: atMs(), do: random.pick(['retry', 'dismiss', 'dismiss']), ...place(random, devices) })
  return steps
}

/** What people do, and soon after that take back: what is pending then, of theirs, last or first. */
function changesOfMind(random: SeededRandom, steps: readonly Step[]): Step[] {
  const made = steps.flatMap((step) => (step.do === 'mutate' ? [step] : []))
  return Array.from({ length: random.between(0, TAKEN_BACK_MAX) }, () => {
    const { atMs, device, tab } = random.pick(made)
    return { atMs: atMs + random.between(1, random.pick(SECOND_THOUGHTS_MS)), do: 'take back', device, tab, isLast: random.chance(0.7) }
  })
}

/** Strict proxies, and paths that are hardly noticed. */
function idleCut(random: SeededRandom): IdleCut | undefined {
  return random.chance(0.3)
    ? undefined
    : { limitMs: random.pick([5000, 15_000, 25_000, 45_000]), cut: random.pick(['drop', 'drop', 'reset', 'close']) }
}

function place(random: SeededRandom, devices: readonly DevicePlan[]): { device: string; tab: number } {
  return { device: random.pick(devices).name, tab: random.between(0, 2) }
}

/** What goes wrong, and how it is set right again. */
function faults(random: SeededRandom, devices: readonly DevicePlan[], classes: ReadonlySet<FaultClass>): Step[] {
  const steps: Step[] = []
  const of = (name: FaultClass, most: number, make: (atMs: number) => readonly Step[]) => {
    if (!classes.has(name)) return
    for (let times = random.between(1, most); times > 0; times--) steps.push(...make(random.between(0, CHAOS_MS)))
  }
  const tab = () => place(random, devices)
  const device = () => random.pick(devices).name
  const soon = (atMs: number, withinMs: number) => atMs + random.between(1, withinMs)
  const start = (atMs: number, name: string): Step => ({ atMs: soon(atMs, 10_000), do: 'start', device: name, tabs: random.between(1, 2) })
  const strike = (atMs: number, name: string, kind: DiskFault['kind']): Step => ({
    atMs,
    do: 'strike',
    device: name,
    fault: { kind, afterUnits: random.between(0, 30), written: random.chance(0.5) },
  })

  of('device-crash', 5, (atMs) => {
    const name = device()
    const first: Step = random.chance(0.6) ? strike(atMs, name, 'crash') : { atMs, do: 'crash', device: name }
    return [first, { ...start(soon(atMs, 5000), name) }]
  })
  of('reload', 4, (atMs) => [{ atMs, do: 'reload', ...tab() }])
  of('tabs', 5, (atMs) => [random.chance(0.5) ? { atMs, do: 'close tab', ...tab() } : { atMs, do: 'start', device: device(), tabs: 1 }])
  of('freeze', 4, (atMs) => [{ atMs, do: 'freeze', ...tab(), forMs: random.between(100, 60_000) }])
  of('throttle', 2, (atMs) => {
    const name = device()
    return [
      { atMs, do: 'throttle', device: name, grainMs: 60_000 },
      { atMs: soon(atMs, 60_000), do: 'throttle', device: name, grainMs: 1 },
    ]
  })
  of('sleep', 2, (atMs) => [{ atMs, do: 'sleep', device: device(), forMs: random.between(1000, 60_000) }])
  of('background', 4, (atMs) => {
    const where = tab()
    return [
      { atMs, do: 'back', ...where, grainMs: random.pick([1000, 60_000]) },
      { atMs: soon(atMs, 60_000), do: 'show', ...where },
    ]
  })
  of('page-cache', 3, (atMs) => {
    const where = tab()
    return [
      { atMs, do: 'hide', ...where },
      { atMs: soon(atMs, 30_000), do: random.pick(['show', 'show', 'touch']), ...where },
    ]
  })
  of('no-network', 3, (atMs) => [
    { atMs, do: 'no network', device: device(), forMs: random.between(100, 30_000), isTold: random.chance(0.3) },
  ])
  of('lying-hints', 10, (atMs) => [{ atMs, do: 'network', ...tab(), kind: random.pick(NETWORK_KINDS) }])
  of('offline', 3, (atMs) => {
    const where = tab()
    return [
      { atMs, do: 'go offline', ...where },
      { atMs: soon(atMs, 30_000), do: 'go online', ...where },
    ]
  })
  of('unfollow', 6, (atMs) => {
    const where = { ...tab(), space: random.pick(SPACES) }
    return [
      { atMs, do: 'unfollow', ...where },
      { atMs: soon(atMs, 20_000), do: 'follow', ...where },
    ]
  })
  of('clock-jump', 3, (atMs) => [{ atMs, do: 'jump', device: device(), byMs: random.between(-YEAR_MS, YEAR_MS) }])
  of('user-switch', 2, (atMs) => {
    const { name, user } = random.pick(devices)
    return [
      { atMs, do: 'switch user', device: name, user: random.pick(USERS.filter((other) => other !== user)) },
      { atMs: soon(atMs, 40_000), do: 'switch user', device: name, user },
    ]
  })
  of('clone', 1, (atMs) => [{ atMs, do: 'clone', device: device(), as: 'device 5' }])
  of('rollback', 2, (atMs) => {
    const name = device()
    return [{ atMs, do: 'roll back', device: name, commits: random.between(1, 40) }, start(atMs, name)]
  })
  of('power-loss', 2, (atMs) => {
    const name = device()
    return [{ atMs, do: 'lose power', device: name }, start(atMs, name)]
  })
  of('eviction', 3, (atMs) => {
    const name = device()
    const isOpen = random.chance(0.3)
    return [
      ...(isOpen ? [] : [{ atMs, do: 'crash', device: name } as const]),
      { atMs, do: 'evict', device: name },
      ...(isOpen ? [{ atMs: soon(atMs, 20_000), do: 'crash', device: name } as const] : []),
      start(atMs + 20_000, name),
    ]
  })
  of('lost-handle', 6, (atMs) => [strike(atMs, device(), random.chance(0.7) ? 'lost' : 'gone')])
  of('hang', 2, (atMs) => [strike(atMs, device(), 'hang')])
  of('quota', 4, (atMs) => [strike(atMs, device(), 'quota')])
  of('server-kill', 4, (atMs) => [
    { atMs, do: 'kill server' },
    { atMs: soon(atMs, 8000), do: 'start server' },
  ])
  of('server-restart', 2, (atMs) => [
    { atMs, do: 'stop server' },
    { atMs: soon(atMs, 8000), do: 'start server' },
  ])
  of('restore', 2, (atMs) => [
    { atMs: random.between(0, atMs), do: 'backup' },
    { atMs, do: 'restore', living: random.chance(0.5) },
    { atMs: soon(atMs, 8000), do: 'start server' },
  ])
  of('trim', 6, (atMs) => {
    const log = random.pick([0, 0, 1, 3, 10])
    return [{ atMs, do: 'trim', space: random.pick(SPACES), log, deletions: log + random.pick([0, 0, 2, 10]) }]
  })
  of('commit-failure', 6, (atMs) => [{ atMs, do: 'fail commit', taken: random.chance(0.5) }])
  of('poison', 1, (atMs) => {
    const where = tab()
    return [{ atMs, do: 'mutate', ...where, space: 'room:a', name: POISON, args: { id: `poisoned-${atMs}` } }]
  })
  of('revocation', 3, (atMs) => {
    const where = { user: random.pick(USERS), space: random.pick(SPACES) }
    return [
      { atMs, do: 'allow', ...where, access: random.pick(['none', 'none', 'read']) },
      { atMs: soon(atMs, 40_000), do: 'allow', ...where, access: 'write' },
    ]
  })
  of('access-throws', 2, (atMs) => [{ atMs, do: 'undecide', forMs: random.between(100, 20_000) }])
  return steps
}
