import { act } from './acting.ts'
import { areUp, beginAgain, type Cast, castOf, copyOf, isRangeFor, pass, put, remove, type Scene, SOON_MS, until } from './scene.ts'
import type { Node } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedSpace } from './simulated-app.ts'
import type { Device, World } from './world.ts'

/** How late the answer is that a page waits for, or the ranges that it overtakes, in ms. */
const LATE_MS = 6000
const LINES = 8
const SPACE: SimulatedSpace = 'hall:c'

/**
 * A page of older lines is under way, and they are changed meanwhile: before or behind it, here or in another tab, in this history of
 * the server's or the next one [W2].
 */
export const pageScenes: Readonly<Record<string, Scene>> = {
  'older lines are edited': scene(async (world, { writer, reader }, lines) => {
    askLate(world, reader)
    await pass(world, SOON_MS / 4)
    for (const id of lines) put(world, writer, SPACE, 'lines', id)
  }),
  'older lines are deleted': scene(async (world, { writer, reader }, lines) => {
    askLate(world, reader)
    await pass(world, SOON_MS / 4)
    for (const id of lines) remove(writer, SPACE, 'lines', id)
  }),
  'older lines are read when they were edited, and come first': scene(async (world, { writer, reader }, lines) => {
    world.network.lateMs = (what, tab) => (isRangeFor(reader, SPACE, tab, what) ? LATE_MS : 0)
    for (const id of lines) put(world, writer, SPACE, 'lines', id)
    await pass(world, SOON_MS)
    ask(world, reader)
  }),
  'older lines are deleted, as another tab hears': scene(async (world, { writer, reader }, lines) => {
    world.openTabs(reader, 1)
    await until(world, () => areUp(world), 10 * SOON_MS)
    askLate(world, reader)
    const [asking] = reader.tabs
    world.network.swallows = (text, tab) => tab === asking?.node && isRangeFor(reader, SPACE, tab, text)
    await pass(world, SOON_MS / 4)
    for (const id of lines) remove(writer, SPACE, 'lines', id)
  }),
  'older lines are of a history that is set back, at a number that the next one comes to': scene(readOfAnother(false)),
  'older lines are of a history that is set back, at a number that the next one passes': scene(readOfAnother(true)),
}

type Play = (world: World, cast: Cast, lines: readonly string[], random: SeededRandom) => Promise<void>

/** `play` gets lines that the reader lacks. */
function scene(play: Play): Scene {
  return async (world, random) => {
    const cast = castOf(world, random)
    if (cast === undefined) return
    const { writer, reader } = cast
    for (let line = 0; line < LINES; line++) put(world, writer, SPACE, 'lines', `page-${line}`)
    await pass(world, SOON_MS)
    beginAgain(world, reader)
    await until(world, () => copyOf(reader, SPACE)?.whole === true && areUp(world), 10 * SOON_MS)
    const lines = reader.watch.below(SPACE).map((key) => key.slice('lines '.length))
    if (lines.length === 0) return
    await play(world, cast, lines, random)
    await pass(world, 2 * LATE_MS)
    world.network.playFair()
  }
}

function ask(world: World, { tabs: [tab] }: Device): void {
  tab?.spaces
    .get(SPACE)
    ?.lines.older({ limit: LINES })
    .then(
      ({ added }) => {
        if (added > 0) world.pagesTaken++
      },
      () => {},
    )
}

function askLate(world: World, reader: Device, lateMs = LATE_MS): void {
  world.network.lateMs = (what) => (what.includes('/older') ? lateMs : 0)
  ask(world, reader)
}

/** The page is read where two edits were made that the copy never hears of; others take their numbers, one by one or at once. */
function readOfAnother(isPassed: boolean): Play {
  return async (world, { writer, other, reader }, lines, random) => {
    const edit = async (by: Device) => {
      put(world, by, SPACE, 'lines', random.pick(lines))
      await pass(world, SOON_MS)
    }
    const swallows = (text: string, tab: Node) => isRangeFor(reader, SPACE, tab, text)
    act(world, { do: 'backup' })
    world.network.swallows = swallows
    for (let count = 0; count < 2; count++) await edit(writer)
    askLate(world, reader, 2 * LATE_MS)
    await pass(world, SOON_MS / 4)
    // What it did would be done again.
    world.crash(writer)
    act(world, { do: 'restore', living: true })
    world.network.swallows = isPassed ? swallows : () => false
    for (let count = 0; count < 2; count++) await edit(other)
    if (isPassed) await edit(other)
    world.network.swallows = () => false
    if (isPassed) await edit(other)
    await pass(world, 3 * LATE_MS)
    world.openTabs(writer, 1)
  }
}
