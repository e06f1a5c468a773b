import { LANES, SHOW } from './show-app.ts'
import { drawShow, type ForcedFaults, type LaneFault, type ShowPlan, SPEAKERS, type Speaker } from './show-plan.ts'
import type { Failure } from './show-watch.ts'
import { ShowWorld } from './show-world.ts'

/** Saved at import, for disks that put another in its place. */
const nextMacrotask = setImmediate
/** Within this after the faults end every page is connected, in ms: back-off, and a beat that finds what died without a word. */
const LIVE_MS = 120_000
const LOOK_EVERY_MS = 1000
/** What died without a word just before is found by the next beat, in ms. */
const FOUND_MS = 75_000
/** What was late, held up or on its way has come by then, in ms. */
const REST_MS = 25_000
/** A tick at its longest after what admins did, and its way, in ms. */
const SEEN_MS = 8000
const IDLE_MS = 60_000
/** What a process does more each minute that knows what admins decided, and reads that again now and then. A tick a second would be 60. */
const IDLE_TIMERS_MORE = 30
/** Classes that keep pages from nothing. */
const HARMLESS: ReadonlySet<LaneFault> = new Set(['overload', 'again', 'adjust', 'stop', 'clear', 'words', 'people', 'desk', 'slow-store'])

export interface ShowOutcome {
  readonly failures: readonly Failure[]
  readonly classes: readonly LaneFault[]
  readonly traceHash: string
  readonly steps: number
  /** What was said; items of ticks, and what was cut. */
  readonly said: number
  readonly items: number
  readonly cut: number
  readonly virtualMs: number
}

export function simulateShow(seed: number, forced: ForcedFaults = {}): Promise<ShowOutcome> {
  return runShow(drawShow(seed, forced))
}

/** Runs a plan: faults for a while, then none, then whatever is said must be seen, once, and all that was taken must add up. */
export async function runShow(plan: ShowPlan): Promise<ShowOutcome> {
  const world = new ShowWorld(plan)
  const { scheduler, watch } = world
  const unhandled = (error: unknown) => watch.fail('unhandled', `${(error as Error | undefined)?.stack ?? error}`)
  process.on('unhandledRejection', unhandled)
  try {
    await world.begin()
    await scheduler.run(plan.chaosMs)
    world.heal()
    for (const untilMs = scheduler.nowMs + LIVE_MS; scheduler.nowMs < untilMs && world.unconnected().length > 0; )
      await scheduler.run(scheduler.nowMs + LOOK_EVERY_MS)
    for (const message of world.unconnected()) watch.fail('live', message)
    await scheduler.run(scheduler.nowMs + FOUND_MS)
    await lookOnce(world)
    await scheduler.run(scheduler.nowMs + REST_MS)
    await judgeEnd(world, plan)
    if (watch.failures.length === 0) await idle(world)
    await new Promise<void>((resolve) => nextMacrotask(resolve))
  } finally {
    process.off('unhandledRejection', unhandled)
  }
  world.end()
  return {
    failures: watch.failures,
    classes: plan.classes,
    traceHash: scheduler.traceHash(),
    steps: scheduler.steps,
    said: watch.sayings.size,
    items: watch.items,
    cut: watch.cut,
    virtualMs: scheduler.nowMs,
  }
}

/** Everybody is shown what is said now, once. */
async function lookOnce(world: ShowWorld): Promise<void> {
  const { scheduler, watch } = world
  const textOf = (who: Speaker) => `the end of ${who}`
  for (const who of SPEAKERS) {
    for (const lane of LANES) world.say(who, lane, textOf(who))
    await scheduler.run(scheduler.nowMs + SEEN_MS)
  }
  for (const by of SPEAKERS)
    for (const lane of LANES)
      for (const who of SPEAKERS)
        if (!watch.hasShown(who, lane, textOf(by))) watch.fail('told', `${who} was not shown "${textOf(by)}" in ${lane} once`)
}

/** What was taken is in a tick; [L3] nothing but documents has moved the space. */
async function judgeEnd(world: ShowWorld, { classes }: ShowPlan): Promise<void> {
  const { watch, host } = world
  watch.judge(
    await world.held(),
    classes.every((name) => HARMLESS.has(name)),
  )
  const left = await host.lanes.left(0, 1)
  const { version } = await host.changelog.read('default', (tx) => tx.head(SHOW))
  if (version < world.saved.size || version > world.notes.size)
    watch.fail('apart', `${SHOW} is at ${version}, and ${world.notes.size} documents were written`)
  if (left.length > 0) watch.fail('lost', `${left[0]?.text} was stored and no tick was made of it`)
}

/** Lanes that nobody uses cost no timer. */
async function idle(world: ShowWorld): Promise<void> {
  const { scheduler, host, watch } = world
  await world.closePages()
  world.network.endDead()
  const timersOf = async () => {
    await scheduler.run(scheduler.nowMs + IDLE_MS)
    const before = host.timersSet
    await scheduler.run(scheduler.nowMs + IDLE_MS)
    return host.timersSet - before
  }
  const used = await timersOf()
  host.kill()
  host.start()
  const fresh = await timersOf()
  if (used > fresh + IDLE_TIMERS_MORE) watch.fail('idle', `lanes that nobody uses set ${used} timers a minute, and a fresh server ${fresh}`)
}
