import { areUp, beginAgain, castOf, copyOf, isRangeFor, pass, put, type Scene, SOON_MS, until } from './scene.ts'
import type { SimulatedSpace } from './simulated-app.ts'
import type { Device } from './world.ts'

/** How long the access rule takes, in ms: what is said meanwhile must wait its turn. */
const RULE_MS = 500
const LATE_MS = 12_000
const REVOKED_MS = 8000
const ROOM: SimulatedSpace = 'room:b'

/** What follows so closely on something else that the two may be taken in the wrong order. */
export const hastyScenes: Readonly<Record<string, Scene>> = {
  /** [B1] A space is opened and closed again before the server has opened it: the two ends must agree that it is closed. */
  async 'a space is opened in passing'(world, random) {
    const { reader } = castOf(world, random) ?? {}
    if (reader === undefined) return
    closeSpace(reader)
    await pass(world, SOON_MS)
    world.host.ruleMs = RULE_MS
    openSpace(reader)
    await pass(world, RULE_MS / 5)
    closeSpace(reader)
    await pass(world, SOON_MS)
    world.host.ruleMs = 0
    world.network.frames.clear()
    await pass(world, world.beatMs)
    const follows = world.network.frames.get('client follow') ?? 0
    if (follows > 0) world.fail('no doubt', `${follows} numbers were stated after a space was opened in passing`)
    openSpace(reader)
  },
  /** [B8] The answer to a pull comes when the right to it is gone: the copy that went is not brought back. */
  async 'a page comes when the right to it is gone'(world, random) {
    const { reader, writer } = castOf(world, random) ?? {}
    if (reader === undefined || writer === undefined) return
    const { user } = reader.plan
    // Who does not take what is sent is told to pull.
    world.network.restMs = (text, tab) => (isRangeFor(reader, ROOM, tab, text) ? SOON_MS : 0)
    // The first page is a copy by itself; what follows on one that is gone is lost on it anyway.
    if (random.chance(0.5)) {
      world.network.swallows = (text, tab) => isRangeFor(reader, ROOM, tab, text)
      beginAgain(world, reader)
      await until(world, () => areUp(world), 5 * SOON_MS)
    }
    world.network.lateMs = (what) => (what.includes(`${encodeURIComponent(ROOM)}/changes`) ? LATE_MS : 0)
    world.network.frames.clear()
    for (let writes = 0; writes < 3; writes++) {
      put(world, writer, ROOM, 'lines', 'late')
      await pass(world, SOON_MS / 2)
    }
    await until(world, () => (world.network.frames.get('client pull') ?? 0) > 0, 2 * SOON_MS)
    world.host.access.set(`${user} ${ROOM}`, 'none')
    // On a new connection its space is denied.
    for (const { replica } of reader.tabs) replica?.pause()
    for (const { replica } of reader.tabs) replica?.resume()
    await pass(world, REVOKED_MS)
    const isGone = copyOf(reader, ROOM) === undefined
    await pass(world, LATE_MS)
    if (isGone && copyOf(reader, ROOM) !== undefined)
      world.fail('rights', `${reader.name} has a copy of ${ROOM} again, which ${user} may not read`)
    world.host.access.delete(`${user} ${ROOM}`)
    world.network.playFair()
  },
}

function closeSpace({ tabs }: Device): void {
  for (const { spaces } of tabs) {
    spaces.get(ROOM)?.close()
    spaces.delete(ROOM)
  }
}

function openSpace({ tabs }: Device): void {
  for (const { spaces, replica } of tabs) if (replica && !spaces.has(ROOM)) spaces.set(ROOM, replica.space(ROOM) as never)
}
