import { forkScenes } from './fork-scenes.ts'
import { hastyScenes } from './hasty-scenes.ts'
import { pageScenes } from './page-scenes.ts'
import { runScenes } from './run-scenes.ts'
import { call, pass, type Scene, SOON_MS, type Wrongs } from './scene.ts'
import type { Node } from './scheduler.ts'
import { streamOf } from './seeded-random.ts'
import type { Device, World } from './world.ts'

/** Within this who may read no longer has nothing left, in ms: a check of rights, and the sweep after it. */
const REVOKED_MS = 15_000
/** Where many commits come, a right that ended lets ranges through for no longer, in ms [P11]. */
const FLOWS_ON_MS = 2000
const WRITES_EVERY_MS = 500
const LIVELY_MS = 36_000
const LIVELY_COMMITS = 60

const ROOM = 'room:a'
const OTHER_ROOM = 'room:b'
const FORBIDDEN = 'forbidden'

/** Who writes in a scene, and another user's device that reads. */
interface Cast {
  readonly writer: Device
  readonly reader: Device
}

const RARE_SCENES: Readonly<Record<string, Scene>> = { ...pageScenes, ...runScenes, ...forkScenes, ...hastyScenes }

/** Plays what chance hardly ever puts in order. Which one depends on the seed. */
export async function playRareScene(world: World, seed: number): Promise<void> {
  const random = streamOf(seed, 'scene')
  const name = random.pick(Object.keys(RARE_SCENES))
  world.scheduler.note(`scene: ${name}`)
  await RARE_SCENES[name]?.(world, random)
}

/**
 * Plays one thing on purpose in a world that is right and has no faults: a range that is swallowed, a right that is taken, a space that
 * nobody has open. Which one depends on the seed; after it everything is right again.
 */
export async function playScene(world: World, seed: number, wrongs: Wrongs): Promise<void> {
  const devices = [...world.devices.values()].filter(({ tabs }) => tabs.length > 0)
  const [writer] = devices
  const reader = devices.find(({ plan }) => plan.user !== writer?.plan.user)
  if (writer === undefined || reader === undefined) return
  const scenes = [
    swallowedAtTheEnd,
    swallowedInTheMiddle,
    rightTaken,
    notOpen,
    onlyReads,
    rightTakenInMidst,
    seed % 4 === 1 ? lively : swallowedAtTheEnd,
  ]
  await scenes[seed % scenes.length]?.(world, { writer, reader }, wrongs)
}

/** [P10] The last range that a device should get is lost, and no other follows: the next beat tells. */
async function swallowedAtTheEnd(world: World, { writer, reader }: Cast, wrongs: Wrongs): Promise<void> {
  world.network.swallows = (text, tab) => isRangeFor(reader, tab, text)
  write(world, writer)
  await pass(world, SOON_MS)
  world.network.swallows = () => false
  await pass(world, world.beatMs)
  for (const wrong of wrongs()) world.fail('the beat tells', wrong)
}

/** [R4] One range is lost and others follow it: each tab states its number again, at once and once. */
async function swallowedInTheMiddle(world: World, { writer, reader }: Cast, wrongs: Wrongs): Promise<void> {
  const swallowed = new Set<Node>()
  world.network.swallows = (text, tab) => isRangeFor(reader, tab, text) && swallowed.size < swallowed.add(tab).size
  world.network.frames.clear()
  for (let count = 0; count < 12; count++) {
    write(world, writer)
    await pass(world, 7)
  }
  await pass(world, SOON_MS)
  world.network.swallows = () => false
  for (const wrong of wrongs()) world.fail('states again', wrong)
  const follows = world.network.frames.get('client follow') ?? 0
  // Where tabs share a copy, one's answer may overlap what another one's has brought.
  const allowed = swallowed.size > 1 ? 2 * swallowed.size : swallowed.size
  if (follows > allowed) world.fail('states again', `${swallowed.size} tabs that lost a range stated ${follows} numbers`)
}

/** [P11] [B8] A right ends: nothing flows any more, and the copy goes; given back, it comes again. */
async function rightTaken(world: World, { writer, reader }: Cast): Promise<void> {
  const { user } = reader.plan
  const theirs = [...world.devices.values()].filter(({ plan }) => plan.user === user)
  world.host.access.set(`${user} ${ROOM}`, 'none')
  await pass(world, REVOKED_MS)
  for (const { name, watch } of theirs)
    if (watch.copies().some(({ space }) => space === ROOM)) world.fail('rights', `${name} of ${user} still has a copy of ${ROOM}`)
  world.network.swallows = (text, tab) => {
    if (theirs.some((device) => isRangeFor(device, tab, text))) world.fail('rights', `${tab.name} is sent ${text}`)
    return false
  }
  write(world, writer)
  await pass(world, REVOKED_MS)
  world.network.swallows = () => false
  world.host.access.delete(`${user} ${ROOM}`)
}

/** [P11] A right ends while others write on: what it alone allowed comes for a moment more. */
async function rightTakenInMidst(world: World, { writer, reader }: Cast): Promise<void> {
  const { user } = reader.plan
  const theirs = [...world.devices.values()].filter(({ plan }) => plan.user === user)
  world.host.access.set(`${user} ${ROOM}`, 'none')
  const takenMs = world.scheduler.nowMs
  world.network.swallows = (text, tab) => {
    const afterMs = world.scheduler.nowMs - takenMs
    if (afterMs > FLOWS_ON_MS && theirs.some((device) => isRangeFor(device, tab, text)))
      world.fail('rights', `${tab.name} is sent ${text}, ${afterMs} ms after its right ended`)
    return false
  }
  for (let waitedMs = 0; waitedMs < REVOKED_MS; waitedMs += WRITES_EVERY_MS) {
    write(world, writer)
    await pass(world, WRITES_EVERY_MS)
  }
  world.network.swallows = () => false
  world.host.access.delete(`${user} ${ROOM}`)
}

/** [P11] Who may only read is refused, and nothing of theirs is done. */
async function onlyReads(world: World, { reader }: Cast): Promise<void> {
  const { user } = reader.plan
  world.host.access.set(`${user} ${ROOM}`, 'read')
  call(reader, ROOM, 'put', { c: 'lines', id: FORBIDDEN, doc: { text: 'forbidden', by: user } })
  await pass(world, SOON_MS)
  if (world.histories.get(ROOM)?.head.documents.has(`lines ${FORBIDDEN}`)) world.fail('rights', `${user}, who may only read, wrote`)
  world.host.access.delete(`${user} ${ROOM}`)
}

/** [M4] A mutation also touches a space that is not open: it is pulled, and nothing optimistic stays. [B1] No beat counts it. */
async function notOpen(world: World, { writer }: Cast): Promise<void> {
  for (const { spaces } of writer.tabs) {
    spaces.get(OTHER_ROOM)?.close()
    spaces.delete(OTHER_ROOM)
  }
  call(writer, ROOM, 'move', { operation: 'not-open', to: OTHER_ROOM })
  await pass(world, SOON_MS)
  const { size } = writer.disk.rows('outbox')
  if (size > 0) world.fail('pulled', `${writer.name} waits for ${size} mutations in a space that is not open`)
  world.network.frames.clear()
  await pass(world, world.beatMs)
  const follows = world.network.frames.get('client follow') ?? 0
  if (follows > 0) world.fail('no doubt', `${follows} numbers were stated where a space is not followed`)
  for (const { spaces, replica } of writer.tabs) if (replica) spaces.set(OTHER_ROOM, replica.space(OTHER_ROOM) as never)
}

/** [B1] However much is written, nobody's number is doubted without cause. */
async function lively(world: World, { writer }: Cast): Promise<void> {
  world.network.frames.clear()
  for (let count = 0; count < LIVELY_COMMITS; count++) {
    write(world, writer)
    await pass(world, LIVELY_MS / LIVELY_COMMITS)
  }
  await pass(world, SOON_MS)
  // Of tabs that share a copy one may take a range between another one's beat and its answer.
  const sharing = [...world.devices.values()].reduce((sum, { tabs }) => sum + (tabs.length > 1 ? tabs.length : 0), 0)
  for (const frame of ['client follow', 'client pull', 'client hello']) {
    const count = world.network.frames.get(frame) ?? 0
    if (count > (frame === 'client follow' ? sharing : 0))
      world.fail('no doubt', `${count} times ${frame} while ${LIVELY_COMMITS} commits came in ${LIVELY_MS} ms`)
  }
}

function write(world: World, device: Device): void {
  const doc = { text: `at ${world.scheduler.nowMs}`, by: device.plan.user }
  call(device, ROOM, 'put', { c: 'lines', id: 'scene', doc })
}

function isRangeFor(device: Device, tab: Node, text: string): boolean {
  return text.startsWith(`{"t":"range","space":"${ROOM}"`) && device.tabs.some(({ node }) => node === tab)
}
