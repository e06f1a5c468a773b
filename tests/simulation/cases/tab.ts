import type { HistoryReset, Refused, Replica, Status } from '@tidemark/client'
import type { MemoryStorage } from '@tidemark/client/testing'
import type { SpaceId, SpaceIdOf } from '@tidemark/shared'
import type { CaseApp } from './case-app.ts'
import { type CopyOnDisk, copyOnDisk, Disk, type Rows, shownOnDisk } from './disk.ts'
import type { Process } from './scripted-clock.ts'
import type { ScriptedLine } from './scripted-line.ts'
import type { ScriptedWorld } from './scripted-world.ts'

/** Within this a gateway hands on what was committed, in ms. */
export const FAN_OUT_MS = 20

export interface TabParts {
  readonly world: ScriptedWorld
  readonly user: string
  readonly disk: MemoryStorage
  readonly line: ScriptedLine
  readonly replica: Replica<CaseApp>
  readonly process: Process
  readonly hints: ReadonlySet<() => void>
}

type Spaces = Map<SpaceIdOf<CaseApp>, ReturnType<Replica<CaseApp>['space']>>

/** One page of one person: a real replica on a disk, and the wire that it hangs on. */
export class Tab {
  readonly user: string
  readonly disk: MemoryStorage
  readonly line: ScriptedLine
  readonly replica: Replica<CaseApp>
  readonly process: Process
  readonly #world: ScriptedWorld
  readonly #hints: ReadonlySet<() => void>
  readonly #spaces: Spaces = new Map()
  readonly #rows: Disk
  #status: Status | undefined
  #refused: readonly Refused[] = []

  constructor({ world, user, disk, line, replica, process, hints }: TabParts) {
    this.#world = world
    this.user = user
    this.disk = disk
    this.#rows = new Disk(disk)
    this.line = line
    this.replica = replica
    this.process = process
    this.#hints = hints
    replica.status$.subscribe((status) => {
      this.#status = status
    })
    replica.rejected$.subscribe((refused) => {
      this.#refused = refused
    })
  }

  get status(): Status {
    return this.#status as Status
  }

  get isLive(): boolean {
    return this.status.phase === 'live'
  }

  get spaces(): readonly SpaceId[] {
    return [...this.#spaces.keys()]
  }

  space<Id extends SpaceIdOf<CaseApp>>(id: Id): ReturnType<typeof this.replica.space<Id>> {
    const held = this.#spaces.get(id) ?? this.replica.space(id)
    this.#spaces.set(id, held as never)
    return held as never
  }

  leave(id: SpaceIdOf<CaseApp>): void {
    this.#spaces.get(id)?.close()
    this.#spaces.delete(id)
  }

  /** Somebody types a text. Resolves when it is saved, and everything that can happen by it has happened. */
  async say(text: string): Promise<void> {
    await (this.space('room:1').mutate as { say(args: { text: string }): Promise<unknown> }).say({ text })
    this.#world.typed.push(text)
    await this.#world.pass(FAN_OUT_MS)
  }

  /** What the app of this tab is told of a history that was reset, from now on: nobody else is told it again. */
  historyResets(): readonly HistoryReset[] {
    const told: HistoryReset[] = []
    this.replica.historyReset$.subscribe((reset) => told.push(reset))
    return told
  }

  /** Every row of its disk, by table. */
  get rows(): Rows {
    return this.#rows.rows
  }

  /** The copy as the server made it, without what is pending; undefined where there is none. */
  copy(space: SpaceId = 'room:1'): CopyOnDisk | undefined {
    return copyOnDisk(this.#rows, space)
  }

  /** What this device shows: `collection id` to its document. */
  shown(space: SpaceId = 'room:1'): Readonly<Record<string, unknown>> {
    return shownOnDisk(this.#rows, space)
  }

  /** Texts that the server refused, and that this device keeps. */
  get refusedTexts(): readonly string[] {
    return this.#refused.map(({ args }) => args.text as string)
  }

  /** The notes of `room:1` that it shows, by id. */
  get notes(): readonly string[] {
    return Object.keys(this.shown()).flatMap((key) => (key.startsWith('notes ') ? key.slice('notes '.length) : []))
  }

  /** What was said in `room:1`, as this device shows it. */
  get said(): readonly string[] {
    return (this.shown()['said all'] as { readonly texts: readonly string[] } | undefined)?.texts ?? []
  }

  /** The device tells that something changed: a beat goes out at once. */
  async beat(): Promise<void> {
    for (const hint of this.#hints) hint()
    await this.#world.settle()
  }

  /** The process dies; what was committed to its disk stays, as `disk.reopen()`. */
  crash(): void {
    this.process.alive = false
    this.disk.crash()
    this.line.cut()
    const { tabs } = this.#world
    tabs.splice(0, tabs.length, ...tabs.filter((tab) => tab !== this))
  }
}
