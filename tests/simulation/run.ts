import { fixedBeat } from '@tidemark/client/testing'
import type { OpenDisk } from './disk.ts'
import type { Made } from './disk-watch.ts'
import type { FaultClass } from './fault-classes.ts'
import type { Moment } from './history.ts'
import type { Plan } from './plan.ts'
import { playRareScene, playScene } from './scenes.ts'
import { NEVER_REFUSED, SPACES } from './simulated-app.ts'
import { type Failure, World } from './world.ts'

/** Saved at import, for disks that put another in its place. */
const nextMacrotask = setImmediate
const STACK_LINES = Number(process.env.TIDEMARK_STACK_LINES ?? 0)
/** Within this after the faults end everything must be right, in ms: back-off, a beat that other frames put off, and what they lead to. */
export const HEAL_MS = 400_000
/** The same where a mutation is poison: it is refused after five throws over ten minutes [M7]. */
const HEAL_POISONED_MS = 1_500_000
/** Timers that were set while they ran once a minute are this late, in ms. */
const THROTTLED_MS = 60_000
const LOOK_EVERY_MS = 2000
/** Within this after the faults end a tab in front is live, in ms. */
const LIVE_WITHIN_MS = 30_000
/** And where the issuer of tokens was just not answering: the deadline of the client, in ms. */
const TOKEN_WITHIN_MS = 15_000
/** In the background it is so much later than a beat, in ms: the answer to it, and timers of both that are a minute late. */
const LATER_THAN_BEAT_MS = fixedBeat.timeoutMs + 2 * THROTTLED_MS
/** Where tokens end, the one that it kept is refused first: back-off at its most, and a timer that is late once more, in ms. */
const TOKEN_REFUSED_MS = 30_000 + THROTTLED_MS
/** Within this after a failure of the storage a watch has read anew, in ms. */
const READ_AGAIN_MS = 10_000
/** No tab is frozen for longer, in ms. */
const FROZEN_MS = 60_000
/** At rest: a tab's timers and listeners, and the units of a disk that are open at one moment. */
const TIMERS_A_TAB_MAX = 24
const LISTENERS_A_TAB_MAX = 6
const UNITS_MAX = 4
/** How often somebody scrolls up, in ms. */
const SCROLL_MS = 1000

export interface Outcome {
  readonly failures: readonly Failure[]
  readonly classes: readonly FaultClass[]
  readonly traceHash: string
  readonly steps: number
  /** Mutations that were made. */
  readonly made: number
  /** Virtual time, in ms; and how much of it the world took to come right. */
  readonly virtualMs: number
  readonly healedMs: number
  readonly pagesTaken: number
}

/** Runs a plan: faults for a while, then none, then everything must come right, and stay quiet. Oracles look on all the while. */
export async function run(plan: Plan, openDisk?: OpenDisk): Promise<Outcome> {
  const world = new World(plan, openDisk)
  const { scheduler } = world
  const unhandled = (error: unknown) => world.fail('unhandled', `${(error as Error | undefined)?.stack ?? error}`)
  process.on('unhandledRejection', unhandled)
  // Errors are part of the run, and nobody reads where they came from.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = STACK_LINES
  let healedMs = 0
  try {
    world.begin()
    await scheduler.run(plan.chaosMs)
    world.heal()
    if (!plan.patient) world.network.endDead()
    await comeAlive(world, plan)
    world.showAll()
    const poisoned = plan.classes.includes('poison')
    // The answer to the beat before may have been lost, and then the next one is not compared.
    const untilMs = plan.chaosMs + (poisoned ? HEAL_POISONED_MS : HEAL_MS) + (plan.tokens.lifeMs > 0 ? world.beatMs : 0)
    await comeRight(world, untilMs)
    healedMs = scheduler.nowMs - plan.chaosMs
    world.isRight = unconverged(world).length === 0
    if (plan.patient) {
      // What died without a word just before the faults ended is found by the next beat.
      await scheduler.run(scheduler.nowMs + world.beatMs + (plan.classes.includes('throttle') ? THROTTLED_MS : 0))
      await comeRight(world, scheduler.nowMs + HEAL_MS)
    }
    for (const message of unconverged(world)) world.fail('converges', message)
    if (world.failures.length === 0) await scrollUp(world)
    if (world.failures.length === 0 && plan.patient) await idle(world, plan)
    if (world.failures.length === 0 && plan.patient) await playScene(world, plan.seed, () => unconverged(world))
    else if (world.failures.length === 0) await playRareScene(world, plan.seed)
    await comeRight(world, scheduler.nowMs + HEAL_MS)
    for (const message of unconverged(world)) world.fail('converges', message)
    for (const message of [...world.stale(), ...world.misinformed()]) world.fail('told', message)
    // A read that the storage failed is made again.
    const readMs = scheduler.nowMs + READ_AGAIN_MS
    while (world.misled().length > 0 && scheduler.nowMs < readMs) {
      world.tend()
      await scheduler.run(scheduler.nowMs + LOOK_EVERY_MS)
    }
    for (const message of world.misled()) world.fail('watch', message)
    // Tabs that lead without a lock, because none came, and whose words were lost, meet at what either does next.
    const meetMs = scheduler.nowMs + world.beatMs
    while (world.crowded().length > 0 && scheduler.nowMs < meetMs) await scheduler.run(scheduler.nowMs + LOOK_EVERY_MS)
    for (const message of world.crowded()) world.fail('one leader', message)
    // What a frozen tab was sent it takes only when it would have thawed, though the faults have ended.
    if (unbounded(world).length > 0) await scheduler.run(scheduler.nowMs + FROZEN_MS)
    for (const message of unbounded(world)) world.fail('bounds', message)
    if (world.failures.length === 0) account(world, plan)
    await new Promise<void>((resolve) => nextMacrotask(resolve))
  } finally {
    process.off('unhandledRejection', unhandled)
    Error.stackTraceLimit = stackTraceLimit
  }
  const { failures, made, pagesTaken } = world
  const outcome = { failures, classes: plan.classes, traceHash: scheduler.traceHash(), steps: scheduler.steps }
  const result = { ...outcome, made: made.size, virtualMs: scheduler.nowMs, healedMs, pagesTaken }
  world.end()
  return result
}

/** [P7] [B7] Each tab is live in time once nothing fails any more: soon where somebody waits for it. */
async function comeAlive(world: World, { patient, classes, tokens: { hangs } }: Plan): Promise<void> {
  const isPoisoned = classes.includes('poison')
  const { scheduler, failures } = world
  const firstMs = new Map<object, number>()
  const lived = new Set<object>()
  for (let isWaiting = true; isWaiting && failures.length === 0; ) {
    isWaiting = false
    for (const { node, isInFront, phase, because, beatS = 0 } of world.tabs()) {
      // What is poison stops a connection for ten minutes, and it says so [M7].
      if (phase === 'live' || (phase === 'stalled' && isPoisoned)) lived.add(node)
      if (lived.has(node)) continue
      isWaiting = true
      const sinceMs = firstMs.get(node) ?? scheduler.nowMs
      firstMs.set(node, sinceMs)
      const laterMs = LATER_THAN_BEAT_MS + (world.issuer.faults.lifeMs > 0 ? TOKEN_REFUSED_MS : 0)
      const foundMs = Math.max(fixedBeat.intervalMs, 1000 * beatS)
      // What died without a word, and is told to nobody, a beat must find first.
      const inFrontMs = LIVE_WITHIN_MS + (patient ? foundMs + fixedBeat.timeoutMs : 0) + (hangs ? TOKEN_WITHIN_MS : 0)
      const withinMs = isInFront ? inFrontMs : foundMs + laterMs
      if (scheduler.nowMs - sinceMs > withinMs)
        world.fail('live', `${node.name}, ${isInFront ? 'in front' : 'in the background'}, is ${phase} after ${withinMs} ms: ${because}`)
    }
    if (!isWaiting) return
    world.tend()
    await scheduler.run(scheduler.nowMs + LOOK_EVERY_MS)
  }
}

async function comeRight(world: World, untilMs: number): Promise<void> {
  const { scheduler, failures } = world
  while (scheduler.nowMs < untilMs && failures.length === 0 && unconverged(world).length > 0) {
    world.tend()
    await scheduler.run(scheduler.nowMs + LOOK_EVERY_MS)
  }
}

/** [P6 P7] Every copy is whole and at the head of the server, and nothing is pending or in doubt. */
function unconverged(world: World): string[] {
  const failures = world.unconnected()
  for (const { name, disk, watch, tabs } of world.devices.values()) {
    if (tabs.length === 0) failures.push(`${name} does not run`)
    const copies = new Map(watch.copies().map((copy) => [copy.space, copy]))
    for (const [space, { head }] of world.histories) {
      const copy = copies.get(space)
      const isThere = copy
        ? copy.whole && !copy.next && copy.version === head.version && copy.seal.startsWith(head.digits)
        : head.version === 0
      if (!isThere && !(copy?.version === 0 && head.version === 0))
        failures.push(`${name} is at ${copy?.version} ${copy?.seal} of ${head.version} ${head.digits} in ${space}, whole: ${copy?.whole}`)
    }
    for (const table of ['outbox', 'base']) {
      const { size } = disk.rows(table)
      if (size > 0) failures.push(`${name} still has ${size} rows in ${table}`)
    }
    const { doubts = [] } = (disk.rows('self').get('self') ?? {}) as { readonly doubts?: readonly string[] }
    if (doubts.length > 0) failures.push(`${name} has yet to hear whether what it did under ${doubts} is still there`)
  }
  return failures
}

/** [W1 W2] Whoever scrolls up long enough has all lines. */
async function scrollUp(world: World): Promise<void> {
  const missing = () =>
    [...world.devices.values()].flatMap(({ name, watch }) =>
      SPACES.flatMap((space) => watch.below(space).map((key) => `${name} lacks ${key} of ${space}`)),
    )
  const untilMs = world.scheduler.nowMs + HEAL_MS
  while (world.scheduler.nowMs < untilMs && missing().length > 0) {
    for (const [device, id, space] of world.spaces()) {
      if (device.watch.below(id).length === 0) continue
      space.lines.older({ limit: 3 }).then(
        ({ added }) => {
          if (added > 0) world.pagesTaken++
        },
        () => {},
      )
    }
    await world.scheduler.run(world.scheduler.nowMs + SCROLL_MS)
  }
  for (const message of missing()) world.fail('windows', message)
}

/** [P12] What a tab and its disk have open when everything is right does not grow with what happened before. */
function unbounded(world: World): string[] {
  return [...world.devices.values()].flatMap(({ name, disk, tabs }) => {
    const timers = Math.max(0, ...tabs.map(({ node }) => node.waiting))
    const listeners = disk.listeners / Math.max(1, tabs.length)
    return [
      ...(timers > TIMERS_A_TAB_MAX ? [`a tab of ${name} waits for ${timers} timers`] : []),
      ...(listeners > LISTENERS_A_TAB_MAX ? [`a tab of ${name} listens ${listeners} times to its disk`] : []),
      ...(disk.units > UNITS_MAX ? [`${disk.units} units of ${name} are open`] : []),
    ]
  })
}

/** A system in which nothing happens sends beats, probes for how seldom, and what tokens need that end. */
async function idle(world: World, plan: Plan): Promise<void> {
  world.network.frames.clear()
  await world.scheduler.run(world.scheduler.nowMs + plan.idleMs)
  const probing = ['client probe hello', 'server probe welcome', 'client probe beat', 'server probe beat']
  const quiet = ['client beat', 'server beat', ...probing, ...(plan.tokens.lifeMs > 0 ? ['client auth', 'server error'] : [])]
  for (const [frame, count] of world.network.frames)
    if (!quiet.includes(frame)) world.fail('quiet', `${count} times ${frame} while nothing happened for ${plan.idleMs} ms`)
}

/** Mutators that leave a trace wherever they are done. */
const LEAVES_TRACE = ['note', 'count', 'hide', 'move', 'poison']

/** [P2 P9] Each mutation was done once, or refused, and told so. */
function account(world: World, { classes }: Plan): void {
  const done = new Map<string, number>()
  for (const { head } of world.histories.values())
    for (let at: Moment | undefined = head; at !== undefined; at = at.before)
      if (at.origin) done.set(at.origin, (done.get(at.origin) ?? 0) + 1)
  // A server that forgot a refusal may do it for the copy of a device that still has it pending, whichever of the two comes first.
  const creators = new Map(Array.from(world.made.values(), ({ name, args, user }) => [name === 'note' ? args.id : undefined, user]))
  const doubled = new Set<unknown>()
  for (const [nonce, { refused, takenBack, mayBeLost, name, device, user, seq, args }] of world.made as ReadonlyMap<string, Made>) {
    const commits = done.get(nonce) ?? 0
    const what = `number ${seq} of ${device} (${name} ${JSON.stringify(args)})`
    if (world.isDoubled(nonce)) doubled.add(args.operation)
    else if (name === 'move' ? commits !== 0 && commits !== 2 : commits > 1) world.fail('once', `${what} made ${commits} commits`)
    if (refused && commits > 0 && !(world.restores > 0 && world.forked.has(device))) world.fail('once', `${what} was refused and done`)
    if (name === 'patch' && args.c === 'notes' && commits > 0 && creators.get(args.id) !== user)
      world.fail('rights', `${what} changed what belongs to somebody else`)
    // What one copy of a device took back the other one is refused.
    if (refused && NEVER_REFUSED.includes(name) && !classes.includes('revocation') && !takenBack)
      world.fail('refused', `${what} was refused without a cause`)
    if (LEAVES_TRACE.includes(name) && commits === 0 && !refused && !takenBack && !mayBeLost) world.fail('lost', `${what} is gone`)
  }
  for (const [space, { head }] of world.histories)
    for (const [key, { text }] of head.documents) {
      if (!key.startsWith('tallies ')) continue
      const { count, operations } = JSON.parse(text) as { readonly count: number; readonly operations: readonly string[] }
      const once = operations.filter((operation) => !doubled.has(operation))
      if (count !== operations.length || new Set(once).size !== once.length) world.fail('once', `${key} of ${space} counts ${text}`)
    }
}
