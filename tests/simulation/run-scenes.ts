import { act } from './acting.ts'
import { areUp, beginAgain, type Cast, castOf, copyOf, isRangeFor, pass, put, remove, type Scene, SOON_MS, until } from './scene.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedSpace } from './simulated-app.ts'
import type { Device, World } from './world.ts'

/** From one page of a run to the next, in ms. */
const BETWEEN_PAGES_MS = 6000
/** What several pages take. */
const WRITES = 12
const PAGES_MAX = 6
const EVERYTHING = 1_000_000
/** Where all see the same, a copy is brought up to date; where there are secrets, it begins anew [C4]. */
const HALL: SimulatedSpace = 'hall:c'
const ROOM: SimulatedSpace = 'room:a'
const SECRET = 'scene'

/** A copy that comes, or comes up to date, page by page out of documents, since the log is gone [C2]; and what happens between its pages. */
export const runScenes: Readonly<Record<string, Scene>> = {
  'what was deleted during a run is forgotten before its end': scene(async (world, { reader, writer }) => {
    await fill(world, writer, HALL)
    await comeBack(world, reader, HALL, () => fill(world, writer, HALL))
    for (let line = 0; line < WRITES; line++) remove(writer, HALL, 'lines', `run-${line}`)
    await pass(world, SOON_MS)
    await world.host.trim(HALL, 0, 0)
  }),
  'the server is set back during a run': scene(async (world, { reader, writer, other }, random) => {
    await fill(world, writer, HALL)
    await comeBack(world, reader, HALL, async () => {
      act(world, { do: 'backup' })
      await fill(world, writer, HALL)
    })
    // What it did would be done again.
    world.crash(writer)
    act(world, { do: 'restore', living: true })
    for (let line = 0; line < WRITES; line++) put(world, other, HALL, 'lines', `run-${random.between(0, WRITES - 1)}`)
    await pass(world, 2 * BETWEEN_PAGES_MS)
    world.openTabs(writer, 1)
  }),
  'a copy that comes up to date stays the one that it is': scene(async (world, { reader, writer }) => {
    await fill(world, writer, HALL)
    const before = copyOf(reader, HALL)?.$s
    await comeBack(world, reader, HALL, () => fill(world, writer, HALL))
    await pass(world, PAGES_MAX * BETWEEN_PAGES_MS)
    const after = copyOf(reader, HALL)
    if (after?.$s !== before || after?.next) world.fail('windows', `${reader.name} was to be brought up to date in ${HALL}, and began anew`)
  }),
  "a secret becomes somebody else's while its reader is away": scene(async (world, { reader, twin, other }) => {
    put(world, twin, ROOM, 'secrets', SECRET)
    await pass(world, SOON_MS)
    await comeBack(world, reader, ROOM, () => changesHands(world, twin, other))
  }),
  "a secret becomes somebody else's during a run": scene(async (world, { reader, twin, other }) => {
    put(world, twin, ROOM, 'secrets', SECRET)
    await pass(world, SOON_MS)
    await fill(world, other, ROOM)
    await world.host.trim(ROOM, 0, EVERYTHING)
    pace(world, reader, ROOM)
    beginAgain(world, reader)
    await until(world, () => copyOf(reader, ROOM)?.version !== undefined && hasSecret(reader), 10 * SOON_MS)
    await changesHands(world, twin, other)
  }),
}

function scene(play: (world: World, cast: Cast, random: SeededRandom) => Promise<void>): Scene {
  return async (world, random) => {
    const cast = castOf(world, random)
    if (cast === undefined) return
    await play(world, cast, random)
    await pass(world, PAGES_MAX * BETWEEN_PAGES_MS)
    world.network.playFair()
  }
}

/** Writes what takes several pages, one commit after the other. */
async function fill(world: World, writer: Device, space: SimulatedSpace): Promise<void> {
  for (let line = 0; line < WRITES; line++) {
    put(world, writer, space, 'lines', `run-${line}`)
    await pass(world, 1)
  }
  await pass(world, SOON_MS)
}

/** Each page is followed by a rest. */
function pace(world: World, reader: Device, space: SimulatedSpace): void {
  world.network.restMs = (text, tab) => (isRangeFor(reader, space, tab, text) ? BETWEEN_PAGES_MS : 0)
  world.network.lateMs = (what) => (what.includes(`${encodeURIComponent(space)}/changes`) ? BETWEEN_PAGES_MS : 0)
}

/** A device is away while others do something, of which the server then has no log. It is back, and has the first page, when this resolves. */
async function comeBack(world: World, reader: Device, space: SimulatedSpace, meanwhile: () => Promise<void>): Promise<void> {
  for (const { replica } of reader.tabs) replica?.pause()
  await meanwhile()
  await world.host.trim(space, 0, EVERYTHING)
  pace(world, reader, space)
  const before = copyOf(reader, space)?.version ?? 0
  for (const { replica } of reader.tabs) replica?.resume()
  const moved = () => {
    const { version = 0, next } = copyOf(reader, space) ?? {}
    return next !== undefined || version > before
  }
  await until(world, () => moved() || areUp(world), SOON_MS)
  await until(world, moved, 5 * SOON_MS)
}

async function changesHands(world: World, owner: Device, other: Device): Promise<void> {
  remove(owner, ROOM, 'secrets', SECRET)
  await pass(world, SOON_MS)
  put(world, other, ROOM, 'secrets', SECRET)
  await pass(world, SOON_MS)
}

function hasSecret({ disk }: Device): boolean {
  return [...disk.rows('room_secrets').keys()].some((key) => String(key).endsWith(` ${SECRET}`))
}
