import type { SpaceId } from '@tidemark/shared'
import { toVersion } from '@tidemark/shared'
import { expect } from 'vitest'
import type { Held } from './disk.ts'
import type { ScriptedWorld } from './scripted-world.ts'
import type { Tab } from './tab.ts'

const ALL = { changesMax: 1e9, bytesMax: 1e12, commitsMax: 1e9 }

/** The living documents of a space on the server that this user may see, by its changelog alone. */
export async function documentsOnServer(world: ScriptedWorld, space: SpaceId, user: string): Promise<Map<string, Held>> {
  const documents = await world.changelog.read('default', (tx) => tx.documentsAfter(space, toVersion(0), ALL))
  return new Map(
    documents.flatMap(({ collection, id, doc, version, created, creator }) => {
      const isHidden = collection === 'drafts' && world.draftsOfMakers && creator !== user
      return doc === undefined || isHidden ? [] : [[`${collection} ${id}`, { doc: JSON.parse(doc) as Held['doc'], v: version, b: created }]]
    }),
  )
}

/** Every text that was said in `room:1`, in the order in which the server took it. */
export async function saidOnServer(world: ScriptedWorld): Promise<readonly string[]> {
  const said = (await documentsOnServer(world, 'room:1', '')).get('said all')
  return (said?.doc.texts as readonly string[] | undefined) ?? []
}

/**
 * Lets time pass until nothing moves any more, and holds what every history has to come to: each copy is the server's history, each
 * mutation took effect once, and nothing that was typed has vanished from both ends.
 */
export async function expectSound(world: ScriptedWorld, ...tabs: readonly Tab[]): Promise<void> {
  const isQuiet = async (tab: Tab) => {
    const { pending } = await tab.replica.audit()
    return tab.isLive && pending === 0 && (await Promise.all(tab.spaces.map((space) => isLevel(world, tab, space)))).every(Boolean)
  }
  await world
    .until('every copy stands at the head and nothing is pending', async () => (await Promise.all(tabs.map(isQuiet))).every(Boolean))
    // Below it is said what differs.
    .catch(() => {})

  const said = await saidOnServer(world)
  expect(said, 'each text took effect once').toEqual([...new Set(said)])
  const kept = [...said]
  for (const tab of tabs) {
    expect({ user: tab.user, phase: tab.status.phase }).toEqual({ user: tab.user, phase: 'live' })
    const { created, confirmed, refused, pending, discarded } = await tab.replica.audit()
    expect({ pending, created }, `${tab.user}: created = confirmed + refused + pending + discarded`).toEqual({
      pending: 0,
      created: confirmed + refused + pending + discarded,
    })
    kept.push(...tab.refusedTexts)
    for (const space of tab.spaces) {
      const copy = tab.copy(space)
      const { version, seal } = await world.head(space)
      expect({ version: copy?.version, seal: copy?.seal.slice(0, 8), whole: copy?.whole }, `${space} of ${tab.user}`).toEqual({
        version,
        seal,
        whole: true,
      })
      const documents = await expectSame(world, tab, space)
      const shown = tab.shown(space)
      expect(Object.keys(shown).sort(), `${tab.user} sees ${space}`).toEqual([...documents.keys()].sort())
      for (const [key, { doc }] of documents) expect(shown[key]).toEqual(doc)
    }
  }
  expect([...new Set(kept)].sort(), 'nothing typed has vanished').toEqual([...world.typed].sort())
}

/** A whole copy that stands at the server's head, with its seal, holds what the server has: what it returns. */
async function expectSame(world: ScriptedWorld, tab: Tab, space: SpaceId): Promise<Map<string, Held>> {
  const copy = tab.copy(space)
  const documents = await documentsOnServer(world, space, tab.user)
  // Of lines a copy may hold a part [W1].
  for (const [key, { b }] of documents)
    if (key.startsWith('lines ') && b <= (copy?.floors.lines ?? 0) && !copy?.documents.has(key)) documents.delete(key)
  expect(sorted(copy?.documents ?? []), `${space} of ${tab.user} is what the server has`).toEqual(sorted(documents))
  return documents
}

/** Whether a copy says that it has all of the server's history. */
async function isLevel(world: ScriptedWorld, tab: Tab, space: SpaceId): Promise<boolean> {
  const copy = tab.copy(space)
  const head = await world.head(space)
  return copy?.whole === true && copy.version === head.version && copy.seal.slice(0, 8) === head.seal
}

/** What may be held against a device at any moment: where it says that it has all of the server's history, it has. */
export async function expectTrue(world: ScriptedWorld, tab: Tab): Promise<void> {
  for (const space of tab.spaces) if (await isLevel(world, tab, space)) await expectSame(world, tab, space)
}

const sorted = (documents: Iterable<readonly [string, Held]>) => [...documents].sort(([a], [b]) => (a < b ? -1 : 1))
