import { type Change, type SpaceId, toVersion } from '@tidemark/shared'
import type { Device, World } from './world.ts'

/** A document as the log made it; `created`: the version of the commit that did. */
interface Document {
  readonly text: string
  readonly creator: string
  readonly created: number
}
type Documents = ReadonlyMap<string, Document>

/** What a space held at each version, by the log alone: the sequential model that every copy is held against. */
async function modelOf(world: World, space: SpaceId): Promise<Documents[]> {
  const commits = await world.changelog.read('default', (tx) =>
    tx.log(space, toVersion(0), { changesMax: 1e9, bytesMax: 1e12, commitsMax: 1e9 }),
  )
  const versions: Documents[] = [new Map()]
  let documents = new Map<string, Document>()
  for (const { changes } of commits) {
    documents = new Map(documents)
    for (const { text, creator } of changes) {
      const change = JSON.parse(text) as Change
      const key = `${change.c} ${change.id}`
      if ('del' in change) documents.delete(key)
      else {
        const before = 'set' in change ? (JSON.parse(documents.get(key)?.text ?? '{}') as object) : {}
        const after: Record<string, unknown> = { ...before, ...('set' in change ? change.set : change.put) }
        for (const field of 'set' in change ? (change.unset ?? []) : []) delete after[field]
        documents.set(key, { text: canonical(after), creator, created: documents.get(key)?.created ?? versions.length })
      }
    }
    versions.push(documents)
  }
  return versions
}

function canonical(doc: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(doc).sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** What one copy was seen to hold, without what is pending on top. */
export interface Sight {
  readonly device: string
  readonly user: string
  readonly space: SpaceId
  readonly version: number
  readonly whole: boolean
  readonly base: ReadonlyMap<string, string>
  /** How far back its lines go. */
  readonly floor: number
}

const TABLES = ['notes', 'tallies', 'secrets', 'lines']

type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

/** Reads a device's disk: every copy that is shown. */
export function look(device: Device): Sight[] {
  const rows = JSON.parse(device.storage.dump()) as Rows
  return (rows.copies ?? []).map((copy) => {
    const base = new Map<string, string>()
    for (const collection of TABLES) {
      for (const { $s, $id, $k, $v, $b, $p, ...doc } of rows[`room_${collection}`] ?? [])
        if ($s === copy.$s) base.set(`${collection} ${$id}`, canonical(doc))
    }
    for (const { s, table, id, at } of (rows.base ?? []) as readonly {
      s: number
      table: string
      id: string
      at?: { doc: Record<string, unknown> }
    }[]) {
      if (s !== copy.$s) continue
      const key = `${table.slice('room_'.length)} ${id}`
      if (at === undefined) base.delete(key)
      else base.set(key, canonical(at.doc))
    }
    return {
      device: device.name,
      user: device.user,
      space: copy.space as SpaceId,
      version: copy.version as number,
      whole: copy.whole as boolean,
      base,
      floor: (copy.floors as { readonly lines?: number } | undefined)?.lines ?? 0,
    }
  })
}

/** Two looks at one device: no copy may have gone back, for nothing here resets a history. */
export function fallen(before: readonly Sight[], after: readonly Sight[]): string[] {
  return after.flatMap(({ device, space, version }) => {
    const earlier = before.find((sight) => sight.space === space)
    return earlier !== undefined && version < earlier.version ? [`${device} fell from ${earlier.version} to ${version} in ${space}`] : []
  })
}

/** [P4] A whole copy at version v is exactly what the commits up to v made of what its user may see. */
export async function unlikeModel(world: World, sights: readonly Sight[]): Promise<string[]> {
  const models = new Map<SpaceId, Documents[]>()
  const failures: string[] = []
  for (const { device, user, space, version, whole, base } of sights) {
    const model = models.get(space) ?? (await modelOf(world, space))
    models.set(space, model)
    for (const key of base.keys()) {
      const creator = model.findLast((documents) => documents.has(key))?.get(key)?.creator
      if (key.startsWith('secrets ') && creator !== user) failures.push(`${device} of ${user} holds ${key} of ${creator}`)
    }
    if (!whole) continue
    const expected = new Map(
      [...(model[version] ?? [])]
        .filter(([key, { creator }]) => !key.startsWith('secrets ') || creator === user)
        // Of lines a copy may hold a part, and what it holds is as it was at that version [W1, W2].
        .filter(([key]) => !key.startsWith('lines ') || base.has(key))
        .map(([key, { text }]) => [key, text]),
    )
    const unlike = [...new Set([...expected.keys(), ...base.keys()])].filter((key) => expected.get(key) !== base.get(key))
    if (unlike.length > 0)
      failures.push(
        `${device} at ${version} of ${space}: ${unlike.map((key) => `${key} is ${base.get(key)}, should be ${expected.get(key)}`).join('; ')}`,
      )
  }
  return failures
}

/** [P2 P9] Each operation took effect once, or was refused and is kept; none was invented; nothing is pending. */
export async function unaccounted(world: World): Promise<string[]> {
  const failures: string[] = []
  const effects = new Map<string, number>()
  const spaces = new Map<string, string>()
  for (const space of ['room:a', 'room:b']) {
    const documents = (await modelOf(world, space)).at(-1) ?? new Map()
    for (const [key, { text }] of documents) {
      const [collection, id] = key.split(' ') as [string, string]
      const doc = JSON.parse(text) as { operations?: string[]; count?: number }
      if (collection !== 'tallies' && collection !== 'lines') effects.set(id, (effects.get(id) ?? 0) + 1)
      for (const operation of doc.operations ?? []) {
        effects.set(operation, (effects.get(operation) ?? 0) + 1)
        spaces.set(operation, `${spaces.get(operation) ?? ''}${space} `)
      }
      if (doc.operations !== undefined && doc.count !== doc.operations.length)
        failures.push(`${space} ${key} counts ${doc.count} and lists ${doc.operations.length}`)
    }
  }
  for (const { id, kind, saved } of world.operations) {
    const times = effects.get(id) ?? 0
    effects.delete(id)
    if (kind === 'forge') {
      if (times > 0) failures.push(`${id} changed what belongs to somebody else`)
    } else if (kind === 'move') {
      if (times !== 0 && times !== 2) failures.push(`${id} touched ${times} spaces of two: ${spaces.get(id)}`)
      if (saved && times !== 2) failures.push(`${id} was saved and took effect ${times / 2} times`)
    } else if (times > 1 || (saved && times !== 1)) failures.push(`${id} (${kind}, saved ${saved}) took effect ${times} times`)
  }
  for (const id of effects.keys()) failures.push(`${id} was invented`)

  for (const device of world.devices) {
    const audit = await device.replica?.audit()
    const left = JSON.parse(device.storage.dump()) as Rows
    const shown = TABLES.flatMap((collection) => left[`room_${collection}`] ?? []).filter(({ $p }) => $p !== 0)
    if (left.outbox !== undefined || left.base !== undefined || shown.length > 0)
      failures.push(`${device.name} still shows what is settled: ${JSON.stringify([left.outbox, left.base, shown])}`)
    if (audit === undefined) failures.push(`${device.name} is not running`)
    else if (audit.pending !== 0) failures.push(`${device.name} still has ${audit.pending} pending`)
    else if (audit.created !== audit.confirmed + audit.refused + audit.discarded)
      failures.push(`${device.name} lost count: ${JSON.stringify(audit)}`)
    const forged = world.operations.filter(({ kind, saved, device: whose }) => kind === 'forge' && saved && whose === device.name).length
    if (audit !== undefined && audit.refused < forged)
      failures.push(`${device.name} forged ${forged} times and was refused ${audit.refused} times`)
  }
  return failures
}

/** [P6] After fair time every copy is at the server's head. */
export async function unconverged(world: World): Promise<string[]> {
  const failures: string[] = []
  for (const device of world.devices) {
    const sights = look(device)
    for (const space of ['room:a', 'room:b']) {
      const head = await world.changelog.read('default', (tx) => tx.head(space))
      const sight = sights.find((candidate) => candidate.space === space)
      const version = sight?.version ?? 0
      if (version !== head.version || (sight !== undefined && !sight.whole))
        failures.push(`${device.name} is at ${version} of ${head.version} in ${space}`)
    }
  }
  return failures
}

/** [W1, W2] At the head no line above the floor is missing, and whoever scrolled up long enough has them all. */
export async function unread(world: World): Promise<string[]> {
  const failures: string[] = []
  for (const device of world.devices)
    for (const { space, floor, base } of look(device)) {
      const documents = (await modelOf(world, space)).at(-1) ?? new Map<string, Document>()
      for (const [key, { created }] of documents)
        if (key.startsWith('lines ') && !base.has(key))
          failures.push(`${device.name} lacks ${key} of ${space}, created at ${created}; its floor is ${floor}`)
    }
  return failures
}
