import type { Key, Row } from '@tidemark/client/testing'
import type { Changed, Disk } from './disk.ts'
import { ancestor, canonical, type History, type Moment } from './history.ts'
import { type PlainSpace, runPlain } from './plain-mutators.ts'
import { ResetWatch } from './reset-watch.ts'
import { type Shown as ShownMutation, wronglyShown } from './showing.ts'
import { COLLECTIONS } from './simulated-app.ts'

/** A mutation that some disk held, from the commit on that put it there. */
export interface Made {
  readonly nonce: string
  readonly device: string
  readonly user: string
  /** Among those that were made on its device. */
  readonly seq: number
  readonly space: string
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  /** The call that made it had resolved. */
  resolved: boolean
  /** It is, or was, on a list of refused ones. */
  refused: boolean
  /** Whoever was told of the refusal let it go, or made it again. */
  letGo: boolean
  /** Whoever made it, here or on a copy of its device, took it back while it was pending. */
  takenBack: boolean
  /** What held it was destroyed, or set back. */
  mayBeLost: boolean
  /** It had been settled, and was pending once more: it is not to be seen until it is done again [M5]. */
  offeredAgain: boolean
}

export interface OutboxEntry {
  readonly n: number
  readonly nonce: string
  readonly space: string
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly void?: true
  readonly touched: readonly string[]
  readonly arrived: readonly string[]
  readonly in?: Readonly<Record<string, number>>
  readonly again?: boolean
  readonly user: string
}

interface CopyRow {
  readonly space: string
  readonly $s: number
  readonly version: number
  readonly seal: string
  readonly whole: boolean
  readonly floors?: Readonly<Record<string, number>>
  readonly next?: { readonly $s: number; readonly version: number; readonly seal: string }
}

/** A document on the screen; `doc` without what is the replica's own. */
interface Shown {
  readonly text: string
  readonly pending: boolean
}

/** The documents of one copy, by `{collection} {id}`. */
interface CopyDocuments {
  readonly shown: Map<string, Shown>
  /** What the server last told of those on which something optimistic lies. */
  readonly base: Map<string, string | undefined>
  /** How many of `shown` are pending. */
  pending: number
}

export interface WatchPorts {
  readonly device: string
  readonly user: string
  readonly histories: ReadonlyMap<string, History>
  /** Frames vanish or overtake each other: a range may come without the `acked` that belongs before it. */
  readonly isLossy: boolean
  /** How often the server was set back. */
  restores(): number
  nowMs(): number
  /** What is on its way is of the present history, which is no other that came to the same. */
  areToldApart(): boolean
  /** This device was copied or set back: `acked` tells what another one did last. */
  isForked(): boolean
  /** Whether a mutation of this name may be refused. */
  mayRefuse(name: string): boolean
  /** Every mutation ever made, by nonce. */
  readonly made: Map<string, Made>
  fail(oracle: string, message: string): void
}

/** Looks at a disk within each of its commits, and says what must never be there. Looks at nothing that did not change. */
export class DiskWatch {
  readonly disk: Disk
  readonly #ports: WatchPorts
  #copies = new Map<number, CopyDocuments>()
  #versions = new Map<number, number>()
  /** By space, what was shown last of it as a whole. */
  #shown = new Map<string, Moment>()
  #refused = new Map<Key, string>()
  /** `{nonce} {space}` of what was acknowledged while there was no copy that could show it. */
  readonly #endedUnseen = new Set<string>()
  readonly resets = new ResetWatch()
  /** By nonce, when this device took back what it still has pending, in ms of virtual time. */
  readonly takenBackMs = new Map<string, number>()
  /** Refused ones that the app was asked to let go or to make again, and pending ones that it was asked to take back. */
  readonly allowedToGo = new Set<string>()
  #made = 0

  constructor(disk: Disk, ports: WatchPorts) {
    this.disk = disk
    this.#ports = ports
    disk.onCommit((changed) => this.#look(changed))
    this.begin()
  }

  /** Reads everything anew: the disk is another, or was set back. */
  begin(): void {
    this.#copies = new Map()
    this.#versions = new Map()
    this.#shown = new Map()
    this.takenBackMs.clear()
    this.#refused = new Map(Array.from(this.disk.rows('refused'), ([n, { nonce }]) => [n, nonce as string]))
    for (const table of this.disk.tables()) this.#take(table, [...this.disk.rows(table).keys()])
  }

  /** The nonces of all that is on the disk in one way or another. */
  *nonces(): Generator<string> {
    for (const table of ['outbox', 'refused', 'tail']) for (const { nonce } of this.disk.rows(table).values()) yield nonce as string
  }

  copies(): readonly CopyRow[] {
    return [...this.disk.rows('copies').values()] as unknown as readonly CopyRow[]
  }

  /** What the copy of a space lacks of its history's documents, because it lies below a floor. */
  below(space: string): string[] {
    const row = this.disk.rows('copies').get(space) as CopyRow | undefined
    const moment = row && this.#ports.histories.get(space)?.at(row.version, row.seal)
    if (row === undefined || moment === undefined) return []
    const held = this.#documentsOf(row.$s)
    return [...moment.documents.keys()].filter((key) => key.startsWith('lines ') && !held.shown.has(key) && !held.base.has(key))
  }

  #look(changed: Changed): void {
    const touched = new Set<number>()
    for (const [table, keys] of changed) for (const s of this.#take(table, keys)) touched.add(s)
    const outbox = changed.get('outbox')
    if (outbox !== undefined) {
      this.#note(outbox)
      this.resets.look(outbox, (n) => this.disk.rows('outbox').get(n) as OutboxEntry | undefined)
    }
    if (changed.has('refused')) this.#heed(changed.get('refused') as ReadonlySet<Key>)
    if (changed.has('tail')) this.#trust(changed.get('tail') as ReadonlySet<Key>)
    this.#count()
    for (const copy of this.copies()) {
      if (!touched.has(copy.$s) && !changed.get('copies')?.has(copy.space)) continue
      this.#neverFalls(copy)
      this.#neverGoesBack(copy)
      this.#likeModel(copy)
    }
    if (touched.size > 0 || changed.has('outbox')) this.#baseAndPending()
    if (changed.has('copies') || changed.has('outbox')) this.#shownOnce(changed.get('outbox') ?? NO_KEYS)
  }

  /** Takes rows into what is known of documents. Returns the copies that they belong to. */
  #take(table: string, keys: Iterable<Key>): Set<number> {
    const touched = new Set<number>()
    const [kind = '', collection = ''] = table.split('_')
    const rows = this.disk.rows(table)
    if (table === 'base') {
      for (const key of keys) {
        const [s, of, id] = parts(key as string)
        const row = rows.get(key)
        const documents = this.#documentsOf(s)
        const name = `${of.slice(of.indexOf('_') + 1)} ${id}`
        if (row === undefined) documents.base.delete(name)
        else documents.base.set(name, row.at === undefined ? undefined : canonical((row.at as { doc: Row }).doc))
        touched.add(s)
      }
    } else if (COLLECTIONS[kind]?.includes(collection)) {
      for (const key of keys) {
        const at = (key as string).indexOf(' ')
        const s = Number((key as string).slice(0, at))
        const documents = this.#documentsOf(s)
        const name = `${collection} ${(key as string).slice(at + 1)}`
        if (documents.shown.get(name)?.pending) documents.pending--
        const row = rows.get(key)
        if (row === undefined) documents.shown.delete(name)
        else {
          const pending = row.$p !== 0
          documents.shown.set(name, { text: canonical(row), pending })
          if (pending) documents.pending++
        }
        touched.add(s)
      }
    }
    return touched
  }

  #documentsOf(s: number): CopyDocuments {
    const documents = this.#copies.get(s) ?? { shown: new Map(), base: new Map(), pending: 0 }
    this.#copies.set(s, documents)
    return documents
  }

  #note(keys: ReadonlySet<Key>): void {
    const { made, device, user } = this.#ports
    const outbox = this.disk.rows('outbox')
    for (const key of keys) {
      const row = outbox.get(key) as OutboxEntry | undefined
      if (row === undefined) continue
      const before = made.get(row.nonce)
      if (before) {
        before.offeredAgain ||= row.again !== undefined
        this.#noteTakenBack(row, before)
        continue
      }
      const { nonce, space, name, args } = row
      this.#made++
      made.set(nonce, {
        nonce,
        device,
        user,
        seq: this.#made,
        space,
        name,
        args,
        resolved: false,
        refused: false,
        letGo: false,
        takenBack: false,
        mayBeLost: false,
        offeredAgain: false,
      })
    }
  }

  /** What is taken back is what somebody asked for, and it stays so unless the server had done it before. */
  #noteTakenBack({ nonce, void: isVoid, again, in: done }: OutboxEntry, made: Made): void {
    const { device, nowMs, fail } = this.#ports
    if (isVoid === undefined) {
      if (this.takenBackMs.has(nonce) && done === undefined && again === undefined)
        fail('taken back', `${device} has ${nonce} pending once more, which was taken back`)
      this.takenBackMs.delete(nonce)
      return
    }
    if (!made.refused && !made.takenBack && !this.allowedToGo.has(nonce))
      fail('taken back', `${device} took ${nonce} back, which nobody asked for`)
    made.takenBack ||= !made.refused
    if (again === undefined && !this.takenBackMs.has(nonce)) this.takenBackMs.set(nonce, nowMs())
  }

  /** The app was told that it is taken back. */
  expectTakenBack(nonce: string): void {
    for (const row of this.disk.rows('outbox').values() as Iterable<unknown> as Iterable<OutboxEntry>)
      if (row.nonce === nonce && row.void === undefined && row.in === undefined && row.again === undefined)
        this.#ports.fail('taken back', `${this.#ports.device} says that ${nonce} is taken back, and it is pending`)
  }

  /** [P2 P9] What was refused stays until it is dismissed or made again. */
  #heed(keys: ReadonlySet<Key>): void {
    const { made, device, fail } = this.#ports
    const refused = this.disk.rows('refused')
    for (const key of keys) {
      const before = this.#refused.get(key)
      const nonce = refused.get(key)?.nonce as string | undefined
      if (before !== undefined && before !== nonce) {
        if (!this.allowedToGo.has(before)) fail('conservation', `${device} has ${before} no longer on its list of refused ones`)
        const gone = made.get(before)
        if (gone) gone.letGo = true
      }
      if (nonce === undefined) this.#refused.delete(key)
      else {
        this.#refused.set(key, nonce)
        const mutation = made.get(nonce)
        if (mutation) mutation.refused = true
        else fail('invented', `${device} was refused ${nonce}, which nobody made`)
      }
    }
  }

  /** [P3] What an ack said is so: the commit is there, in the history of that moment or one that a restore took back. */
  #trust(keys: ReadonlySet<Key>): void {
    const { device, histories, fail } = this.#ports
    const tail = this.disk.rows('tail')
    for (const key of keys) {
      const row = tail.get(key)
      // The server had done it before: from here on it is one like others.
      if (row !== undefined && row.void === undefined) this.takenBackMs.delete(row.nonce as string)
      for (const [space, version] of Object.entries((row?.in ?? {}) as Readonly<Record<string, number>>))
        if (
          !histories
            .get(space)
            ?.madeAt(row?.nonce as string)
            .has(version)
        )
          fail('acknowledged', `${device} was told that ${row?.nonce} is commit ${version} of ${space}, which it never was`)
    }
  }

  /** [M4] What was written here shows once, neither twice nor for a while not at all. `left`: rows of the outbox that may have gone. */
  #shownOnce(left: ReadonlySet<Key>): void {
    const { device, histories, made, isLossy, restores, isForked, fail } = this.#ports
    this.#hiddenWhenDone()
    if (isForked()) return
    const excuses = { isLossy, wasSetBack: restores() > 0 }
    const outbox = this.disk.rows('outbox')
    const copies = this.disk.rows('copies')
    const copyOf = (space: string) => copies.get(space) as CopyRow | undefined
    const check = (row: ShownMutation) => {
      const { offeredAgain, takenBack } = made.get(row.nonce) ?? {}
      if (offeredAgain || takenBack) return
      // Without a copy the showing ends at the ack [M4], and the first range may have been read before that commit.
      for (const space of row.isAcked ? row.arrived : []) if (!copyOf(space)) this.#endedUnseen.add(`${row.nonce} ${space}`)
      const seen = row.touched.filter((space) => !this.#endedUnseen.has(`${row.nonce} ${space}`))
      for (const message of wronglyShown({ ...row, touched: seen }, copyOf, histories, excuses)) fail('shown once', `${device}: ${message}`)
    }
    for (const row of outbox.values()) check({ ...(row as unknown as OutboxEntry), isAcked: row.in !== undefined })
    for (const n of left) {
      const done = outbox.has(n) ? undefined : this.disk.rows('tail').get(n)
      const spaces = Object.keys((done?.in ?? {}) as object)
      if (done !== undefined) check({ nonce: done.nonce as string, touched: spaces, arrived: spaces, isAcked: true })
    }
  }

  /** [M4] What waits for its ack shows no more only where the server did it, whoever else has the client id of this device. */
  #hiddenWhenDone(): void {
    const { device, histories, mayRefuse, fail } = this.#ports
    for (const row of this.disk.rows('outbox').values() as Iterable<unknown> as Iterable<OutboxEntry>) {
      // Where a copy of this device took it back, the server may know it as refused.
      if (row.in !== undefined || mayRefuse(row.name) || this.#ports.made.get(row.nonce)?.takenBack) continue
      for (const space of row.arrived)
        if (histories.get(space)?.madeAt(row.nonce).size === 0)
          fail('hidden', `${device} shows ${row.nonce} no more in ${space}, and nobody did it`)
    }
  }

  /** [P9] created = confirmed + refused + pending + discarded. */
  #count(): void {
    const self = this.disk.rows('self').get('self') as Readonly<Record<'created' | 'confirmed' | 'discarded', number>> | undefined
    if (self === undefined) return
    let pending = 0
    for (const row of this.disk.rows('outbox').values()) if (row.in === undefined && row.void === undefined) pending++
    const { created, confirmed, discarded } = self
    const refused = this.disk.rows('refused').size
    if (created !== confirmed + refused + pending + discarded)
      this.#ports.fail(
        'conservation',
        `${this.#ports.device} counts ${created} created, ${confirmed} confirmed, ${refused} refused, ${pending} pending, ${discarded} discarded`,
      )
  }

  /** [P4] The number of a copy never falls; a reset builds another copy. */
  #neverFalls({ $s, version, next, space }: CopyRow): void {
    const standings: [number, number][] = next
      ? [
          [$s, version],
          [next.$s, next.version],
        ]
      : [[$s, version]]
    for (const [s, now] of standings) {
      const before = this.#versions.get(s) ?? 0
      if (now < before) this.#ports.fail('falls', `${this.#ports.device} fell from ${before} to ${now} in ${space}`)
      this.#versions.set(s, now)
    }
  }

  /** [P4] Nor does what is shown of one history, whichever copy it is in; where the server was set back, it has to. */
  #neverGoesBack({ space, version, seal, whole }: CopyRow): void {
    const { histories, areToldApart } = this.#ports
    const history = histories.get(space)
    const now = whole ? history?.at(version, seal) : undefined
    const before = this.#shown.get(space)
    if (now === undefined) this.#shown.delete(space)
    else this.#shown.set(space, now)
    if (history === undefined || now === undefined || before === undefined || now.version >= before.version || !areToldApart()) return
    if (ancestor(history.head, before.version) === before && ancestor(before, now.version) === now)
      this.#ports.fail('falls', `${this.#ports.device} showed ${before.version} of ${space}, and now ${now.version}`)
  }

  /** [P4] A whole copy at a version is exactly what the commits up to it made of what its user may see. */
  #likeModel({ space, $s, version, seal, whole, floors }: CopyRow): void {
    const { device, user, histories, fail } = this.#ports
    const moment = histories.get(space)?.at(version, seal)
    if (moment === undefined) {
      if (whole) fail('model', `${device} stands at ${version} ${seal} of ${space}, where the server never was`)
      return
    }
    if (!whole) return
    const { shown, base } = this.#documentsOf($s)
    const floor = floors?.lines ?? 0
    const textOf = (key: string) => (base.has(key) ? base.get(key) : shown.get(key)?.text)
    let held = 0
    for (const [key, { text, creator, created }] of moment.documents) {
      const found = textOf(key)
      const isHidden = creator !== user && key.startsWith('secrets ')
      if (found !== undefined) held++
      if (found === (isHidden ? undefined : text)) continue
      // Of lines a copy may hold a part, and what it holds is as it was at that version [W1, W2].
      if (found === undefined && created <= floor && key.startsWith('lines ')) continue
      fail(
        'model',
        `${device} of ${user} at ${version} of ${space}: ${key} of ${creator} is ${found}, should be ${isHidden ? 'hidden' : text}`,
      )
    }
    let all = 0
    for (const key of shown.keys()) if (!base.has(key)) all++
    for (const text of base.values()) if (text !== undefined) all++
    if (all === held) return
    const more = [...new Set([...shown.keys(), ...base.keys()])].filter((key) => textOf(key) !== undefined && !moment.documents.has(key))
    fail('model', `${device} of ${user} at ${version} of ${space} holds what is not there: ${more.join(', ')}`)
  }

  /** Nothing lies on what the server told, nor should it: so it is at most commits. */
  #isPlain(copies: Iterable<CopyDocuments>): boolean {
    for (const { base, pending } of copies) if (base.size > 0 || pending > 0) return false
    for (const row of this.disk.rows('outbox').values() as Iterable<unknown> as Iterable<OutboxEntry>) if (isShowing(row)) return false
    return true
  }

  /** What is shown is what the server told, and on it what is pending, run once more by plain code. */
  #baseAndPending(): void {
    const { device, user, fail } = this.#ports
    const copies = new Map(this.copies().map((copy) => [copy.space, this.#documentsOf(copy.$s)]))
    if (this.#isPlain(copies.values())) return
    const tops = new Map<string, Map<string, Readonly<Record<string, unknown>> | undefined>>()
    const outbox = this.disk.rows('outbox')
    for (const n of [...outbox.keys()].sort((a, b) => (a as number) - (b as number))) {
      const row = { ...(outbox.get(n) as unknown as OutboxEntry), user }
      if (!isShowing(row)) continue
      const written = new Map<string, Map<string, Readonly<Record<string, unknown>> | undefined>>()
      const spaceOf = (space: string): PlainSpace => {
        const documents = copies.get(space)
        if (documents === undefined) return NO_COPY
        const mine = written.get(space) ?? new Map()
        written.set(space, mine)
        const isThere = row.arrived.includes(space)
        return {
          get(key) {
            if (!isThere && mine.has(key)) return mine.get(key)
            const top = tops.get(space)
            if (!isThere && top?.has(key)) return top.get(key)
            const text = documents.base.has(key) ? documents.base.get(key) : documents.shown.get(key)?.text
            return text === undefined ? undefined : (JSON.parse(text) as Readonly<Record<string, unknown>>)
          },
          set(key, doc) {
            if (!isThere) mine.set(key, doc)
          },
        }
      }
      if (!runPlain(row, spaceOf)) continue
      for (const [space, documents] of written) tops.set(space, new Map([...(tops.get(space) ?? []), ...documents]))
    }
    for (const [space, { shown, base, pending }] of copies) {
      let optimistic = 0
      const top = tops.get(space)
      for (const [key, doc] of top ?? []) {
        const below = base.has(key) ? base.get(key) : shown.get(key)?.text
        const above = doc && canonical(doc)
        if (above === undefined && (below === undefined || !base.has(key))) {
          if (shown.has(key)) fail('view', `${device} shows ${key} of ${space}, which is deleted and pending`)
          continue
        }
        if (above !== undefined) optimistic++
        const found = shown.get(key)
        if (found?.text !== above || (above !== undefined && !found?.pending))
          fail('view', `${device} shows ${key} of ${space} as ${found?.text} (pending: ${found?.pending}), should be ${above}`)
      }
      if (optimistic !== pending) fail('view', `${device} shows ${pending} documents of ${space} as pending, ${optimistic} are`)
      for (const key of base.keys())
        if (!top?.has(key)) fail('view', `${device} keeps what lies under ${key} of ${space}, on which nothing lies`)
    }
  }
}

const NO_KEYS: ReadonlySet<Key> = new Set()
/** What is taken back shows no more, whatever else its row says. */
function isShowing({ void: isVoid, touched, arrived }: OutboxEntry): boolean {
  return !isVoid && touched.some((space) => !arrived.includes(space))
}

/** What a mutator finds and leaves of a space that the device holds no copy of. */
const NO_COPY: PlainSpace = { get: () => undefined, set() {} }

/** `$s`, table and id of a key of `base`. */
function parts(key: string): [number, string, string] {
  const first = key.indexOf(' ')
  const second = key.indexOf(' ', first + 1)
  return [Number(key.slice(0, first)), key.slice(first + 1, second), key.slice(second + 1)]
}
