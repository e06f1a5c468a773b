import { act } from './acting.ts'
import { areUp, beginAgain, type Cast, call, castOf, copyOf, isRangeFor, pass, put, type Scene, SOON_MS, until } from './scene.ts'
import type { Node } from './scheduler.ts'
import type { SimulatedSpace } from './simulated-app.ts'
import type { Device, World } from './world.ts'

/** Within this a gateway has checked itself, and told whom it concerns, in ms [B6]. */
const CHECKED_MS = 9000
const LATE_MS = 4000
const SPACE: SimulatedSpace = 'hall:c'
const COPY = 'copy in a scene'

/** The server is set back under those who are connected, and comes to the number again at which they stand, with something else. */
export const forkScenes: Readonly<Record<string, Scene>> = {
  'the gateway finds a history that is as long as the one before': scene(async (world, cast) => {
    await write(world, cast.writer)
    await fork(world, cast)
    await pass(world, CHECKED_MS)
    expectHead(world, cast.reader, 'the gateway tells')
  }),
  'the beat finds a history that is as long as the one before': scene(async (world, cast) => {
    const { reader } = cast
    await write(world, cast.writer)
    world.network.swallows = (text, tab) => isRangeFor(reader, SPACE, tab, text)
    await fork(world, cast)
    await pass(world, CHECKED_MS)
    world.network.swallows = () => false
    // One that was on its way when a number was stated is not compared, and of an earlier one the answer may have been lost.
    await pass(world, 2 * world.beatMs)
    expectHead(world, reader, 'the beat tells')
  }),
  'a range of another history that leads to the number of a copy is no repeat': scene(async (world, cast) => {
    const { reader, writer } = cast
    const [before, ...others] = reader.tabs
    if (world.hasLeaders || before === undefined) return
    for (const tab of others) world.close(reader, tab)
    // It has said where its copy stands, and the server takes its time over it.
    world.host.ruleMs = LATE_MS
    world.openTabs(reader, 1)
    await pass(world, SOON_MS / 4)
    world.host.ruleMs = 0
    await write(world, writer)
    world.close(reader, before)
    await fork(world, cast)
    await pass(world, CHECKED_MS)
    expectHead(world, reader, 'the range tells')
  }),
  'a reset that comes late does not undo what came after it': scene(async (world, cast) => {
    const { reader, writer, other } = cast
    const [, second] = await withTwoTabs(world, reader)
    await write(world, writer)
    world.network.lateMs = (what, tab) => (tab === second?.node && isRangeFor(reader, SPACE, tab, what) ? LATE_MS : 0)
    await fork(world, cast)
    await until(world, () => isAtHead(world, reader), CHECKED_MS)
    await write(world, other)
    await pass(world, 2 * LATE_MS)
  }),
  /** [M5] Its copy had not come to it, so that no reset tells; and of the client id under which it was done no welcome does. */
  'what a copied device did before it took another client id is lost': scene(async (world, { writer }) => {
    if (world.devices.has(COPY)) return
    const isOurs = (text: string, tab: Node) =>
      [writer, world.devices.get(COPY)].some((device) => device !== undefined && isRangeFor(device, SPACE, tab, text))
    world.network.swallows = isOurs
    await count(world, writer, 'before the copy')
    act(world, { do: 'clone', device: writer.name, as: COPY })
    const copy = world.devices.get(COPY)
    if (copy === undefined) return
    await until(world, () => areUp(world), 2 * SOON_MS)
    await count(world, writer, 'of the original')
    await count(world, copy, 'of the copy')
    // The copy alone knows of it now.
    beginAgain(world, writer)
    world.crash(writer)
    act(world, { do: 'restore', living: false })
    act(world, { do: 'start server' })
    await pass(world, CHECKED_MS)
  }),
}

async function count(world: World, by: Device, operation: string): Promise<void> {
  call(by, SPACE, 'count', { operation: `${operation} at ${world.scheduler.nowMs}` })
  await pass(world, SOON_MS / 2)
}

function scene(play: (world: World, cast: Cast) => Promise<void>): Scene {
  return async (world, random) => {
    const cast = castOf(world, random)
    if (cast === undefined) return
    // So that there is something to be set back to.
    await write(world, cast.other)
    act(world, { do: 'backup' })
    await play(world, cast)
    world.network.playFair()
    world.openTabs(cast.writer, 1)
  }
}

async function write(world: World, by: Device): Promise<void> {
  put(world, by, SPACE, 'lines', 'fork')
  await pass(world, SOON_MS)
}

/** What the writer did since the backup is undone, and it is away: it would do that again. The other one writes in its place. */
async function fork(world: World, { writer, other }: Cast): Promise<void> {
  world.crash(writer)
  act(world, { do: 'restore', living: true })
  await write(world, other)
}

/** Tabs that are connected each for itself; none where one is for all. */
async function withTwoTabs(world: World, reader: Device): Promise<Device['tabs']> {
  if (reader.tabs.length < 2) world.openTabs(reader, 1)
  await until(world, () => areUp(world), 10 * SOON_MS)
  return areUp(world) && !world.hasLeaders ? reader.tabs.slice(0, 2) : []
}

function isAtHead(world: World, reader: Device): boolean {
  const head = world.histories.get(SPACE)?.head
  const copy = copyOf(reader, SPACE)
  return head !== undefined && copy?.version === head.version && copy.seal.startsWith(head.digits) && copy.whole && !copy.next
}

function expectHead(world: World, reader: Device, oracle: string): void {
  const copy = copyOf(reader, SPACE)
  const head = world.histories.get(SPACE)?.head
  if (!isAtHead(world, reader))
    world.fail(oracle, `${reader.name} is at ${copy?.version} ${copy?.seal} of ${head?.version} ${head?.digits} in ${SPACE}`)
}
