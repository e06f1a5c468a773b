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

export interface Outcome {
  readonly failures: readonly string[]
  readonly traceHash: string
  readonly steps: number
  readonly pagesTaken: number
}

/** One seed: three devices of two users, and one that only reads and loses its disk now and then; faults for a while, then none; what must hold is checked on the way and at the end. */
export async function simulate(seed: number): Promise<Outcome> {
  const world = new World(seed, ['alice', 'alice', 'bob', 'bob'])
  const writers = world.devices.slice(0, 3)
  const [reader] = world.devices.slice(3) as [Device]
  const { random, scheduler } = world
  // Swarm testing (Groce et al., 2012): each class of faults is off in half of the seeds, so that none hides behind another.
  const maybe = (most: number) => (random.chance(0.5) ? random.unit() * most : 0)
  world.faults = {
    delayMsMax: random.pick([20, 200, 3000]),
    loss: maybe(0.15),
    repeat: maybe(0.15),
    reorder: maybe(0.15),
    cut: maybe(0.2),
    wrongAnswer: maybe(0.3),
  }
  if (random.chance(0.5))
    world.issuer.faults = { lifeMs: random.pick([20_000, 60_000, 150_000]), fails: maybe(0.5), delayMsMax: random.pick([0, 1000, 30_000]) }
  world.startServer()
  for (const device of world.devices) world.startDevice(device)

  world.sprinkle(OPERATIONS, CHAOS_MS, 'operation', () => world.operate(random.pick(writers)))
  world.sprinkle(SCRIBBLES, CHAOS_MS, 'scribble', () => world.scribble(random.pick(writers)))
  world.sprinkle(SCROLLS, CHAOS_MS, 'scroll up', () => world.scrollUp(reader))
  world.sprinkle(WIPES, CHAOS_MS, 'wipe', () => world.wipe(reader))
  if (random.chance(0.5)) {
    world.sprinkle(random.between(1, 4), CHAOS_MS, 'kill the server', () => world.killServer())
    world.sprinkle(6, CHAOS_MS, 'start the server', () => world.startServer())
  }
  if (random.chance(0.5)) {
    world.sprinkle(random.between(1, 5), CHAOS_MS, 'crash a device', () => world.crashDevice(random.pick(world.devices)))
    world.sprinkle(8, CHAOS_MS, 'start a device', () => world.startDevice(random.pick(world.devices)))
  }
  if (random.chance(0.3)) {
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
  const failures = [
    ...world.failures,
    ...(await unconverged(world)),
    ...(await unaccounted(world)),
    ...(await unread(world)),
    ...(await unlikeModel(world, sights)),
  ]
  const outcome = { failures, traceHash: scheduler.traceHash(), steps: scheduler.steps, pagesTaken: world.pagesTaken }
  for (const device of world.devices) world.crashDevice(device)
  world.killServer()
  return outcome
}
