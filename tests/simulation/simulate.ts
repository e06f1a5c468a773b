import { drawClasses, type FaultClass, type ForcedClasses } from './fault-classes.ts'
import { fallen, look, type Sight, unaccounted, unconverged, unlikeModel, unread } from './oracles.ts'
import { type Device, World } from './world.ts'

const CHAOS_MS = 90_000
/** Within this after the faults end everything must be right: back-off, a beat, and what they lead to. */
const HEAL_MS = 180_000
const OPERATIONS = 60
const LOOKS = 12
const SCRIBBLES = 50
const SCROLLS = 24
/** A disk that is empty again has its window cut again. */
const WIPES = 4

/** What does not hold, and by which oracle. */
export interface Failure {
  readonly oracle: string
  readonly message: string
}

export interface Outcome {
  readonly failures: readonly Failure[]
  readonly classes: ReadonlySet<FaultClass>
  readonly traceHash: string
  readonly steps: number
  readonly pagesTaken: number
}

/** One seed: three devices of two users, and one that only reads and loses its disk now and then; faults for a while, then none; what must hold is checked on the way and at the end. */
export async function simulate(seed: number, forced: ForcedClasses = {}): Promise<Outcome> {
  const world = new World(seed, ['alice', 'alice', 'bob', 'bob'])
  const writers = world.devices.slice(0, 3)
  const [reader] = world.devices.slice(3) as [Device]
  const { random, scheduler } = world
  const classes = drawClasses(random, forced)
  const rate = (name: FaultClass, most: number) => (classes.has(name) ? random.unit() * most : 0)
  world.faults = {
    delayMsMax: classes.has('delay') ? random.pick([200, 3000]) : 20,
    loss: rate('loss', 0.15),
    repeat: rate('repeat', 0.15),
    reorder: rate('reorder', 0.15),
    cut: rate('cut', 0.2),
    wrongAnswer: rate('wrong-answer', 0.3),
  }
  world.issuer.faults = {
    lifeMs: classes.has('token-expiry') ? random.pick([20_000, 60_000, 150_000]) : Number.POSITIVE_INFINITY,
    fails: rate('token-failure', 0.5),
    delayMsMax: classes.has('token-failure') ? random.pick([0, 1000, 30_000]) : 0,
  }
  world.startServer()
  for (const device of world.devices) world.startDevice(device)

  world.sprinkle(OPERATIONS, CHAOS_MS, 'operation', () => world.operate(random.pick(writers)))
  world.sprinkle(SCRIBBLES, CHAOS_MS, 'scribble', () => world.scribble(random.pick(writers)))
  world.sprinkle(SCROLLS, CHAOS_MS, 'scroll up', () => world.scrollUp(reader))
  if (classes.has('eviction')) world.sprinkle(WIPES, CHAOS_MS, 'wipe', () => world.wipe(reader))
  if (classes.has('server-kill')) {
    world.sprinkle(random.between(1, 4), CHAOS_MS, 'kill the server', () => world.killServer())
    world.sprinkle(6, CHAOS_MS, 'start the server', () => world.startServer())
  }
  if (classes.has('device-crash')) {
    world.sprinkle(random.between(1, 5), CHAOS_MS, 'crash a device', () => world.crashDevice(random.pick(world.devices)))
    world.sprinkle(8, CHAOS_MS, 'start a device', () => world.startDevice(random.pick(world.devices)))
  }
  if (classes.has('offline')) {
    world.sprinkle(random.between(1, 3), CHAOS_MS, 'go offline', () => random.pick(world.devices).replica?.goOffline())
    world.sprinkle(4, CHAOS_MS, 'go online', () => random.pick(world.devices).replica?.goOnline())
  }

  const sights: Sight[] = []
  let before = writers.map(look)
  const observe = () => {
    const now = writers.map(look)
    for (const [at, sight] of now.entries()) world.failures.push(...fallen(before[at] ?? [], sight))
    sights.push(...now.flat(), ...look(reader))
    before = now
  }
  world.sprinkle(LOOKS, CHAOS_MS, 'look', observe)
  await scheduler.run(CHAOS_MS)

  world.heal()
  await scheduler.run(scheduler.nowMs)
  for (const device of world.devices) device.replica?.goOnline()
  for (const device of world.devices) world.sprinkle(SCROLLS, HEAL_MS, 'scroll up', () => world.scrollUp(device))
  await scheduler.run(CHAOS_MS + HEAL_MS)
  observe()
  const found = {
    fallen: world.failures,
    converge: await unconverged(world),
    conservation: await unaccounted(world),
    windows: await unread(world),
    model: await unlikeModel(world, sights),
  }
  const failures = Object.entries(found).flatMap(([oracle, messages]) => messages.map((message) => ({ oracle, message })))
  const outcome = { failures, classes, traceHash: scheduler.traceHash(), steps: scheduler.steps, pagesTaken: world.pagesTaken }
  for (const device of world.devices) world.crashDevice(device)
  world.killServer()
  return outcome
}
