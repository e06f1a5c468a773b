import type { Node } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedSpace } from './simulated-app.ts'
import type { Device, World } from './world.ts'

/** Within this a write is done, and has come to everybody who is connected well, in ms. */
export const SOON_MS = 2000

/** True of a world in which everything is right; what is not. */
export type Wrongs = () => readonly string[]

/** What is played on purpose in a world that is right and has no faults; after it everything comes right again. */
export type Scene = (world: World, random: SeededRandom) => Promise<void>

/** Another user's device that reads, one more of that user's, and two that write; each has a tab. */
export interface Cast {
  readonly reader: Device
  readonly twin: Device
  readonly writer: Device
  readonly other: Device
}

/** undefined where too few devices run. */
export function castOf(world: World, random: SeededRandom): Cast | undefined {
  const running = [...world.devices.values()].filter(({ tabs }) => tabs.length > 0)
  const twinsOf = (device: Device) => running.filter((other) => other !== device && other.plan.user === device.plan.user)
  const readers = running.filter((device) => twinsOf(device).length > 0)
  if (readers.length === 0) return undefined
  const reader = random.pick(readers)
  const twin = random.pick(twinsOf(reader))
  const [writer, other] = running.filter(({ plan }) => plan.user !== reader.plan.user)
  return writer && other && { reader, twin, writer, other }
}

export function call({ tabs: [tab] }: Device, space: SimulatedSpace, name: string, args: object): void {
  tab?.spaces
    .get(space)
    ?.mutate[name]?.(args)
    .catch(() => {})
}

/** Writes a document anew, or over what it was. */
export function put(world: World, device: Device, space: SimulatedSpace, c: string, id: string): void {
  call(device, space, 'put', { c, id, doc: { text: `${id} at ${world.scheduler.nowMs}`, by: device.plan.user } })
}

export function remove(device: Device, space: SimulatedSpace, c: string, id: string): void {
  call(device, space, 'delete', { c, id })
}

export function pass(world: World, ms: number): Promise<void> {
  return world.scheduler.run(world.scheduler.nowMs + ms)
}

/** Waits until that is so, and no longer than that. */
export function until(world: World, isSo: () => boolean, ms: number): Promise<void> {
  return world.scheduler.run(world.scheduler.nowMs + ms, isSo)
}

/** Its browser forgets everything, and it is opened anew: what it is sent begins at version 0. */
export function beginAgain(world: World, device: Device): void {
  world.crash(device)
  world.destroyed.add(device.name)
  world.destroy(() => device.disk.evict())
  device.watch.begin()
  world.openTabs(device, 1)
}

/** All tabs of all devices are connected, and hold their spaces open. */
export function areUp(world: World): boolean {
  return world.unconnected().length === 0 && [...world.devices.values()].every(({ tabs }) => tabs.every(({ spaces }) => spaces.size > 0))
}

/** Where a device stands in a space. */
export function copyOf({ watch }: Device, space: SimulatedSpace): ReturnType<Device['watch']['copies']>[number] | undefined {
  return watch.copies().find((copy) => copy.space === space)
}

export function isRangeFor({ tabs }: Device, space: SimulatedSpace, tab: Node, text: string): boolean {
  return text.startsWith(`{"t":"range","space":"${space}"`) && tabs.some(({ node }) => node === tab)
}
