import type { MemoryStorage } from '@tidemark/client/testing'
import { BIG } from '../cases/case-app.ts'
import type { Hold } from '../cases/scripted-line.ts'
import { ScriptedWorld, type Snapshot } from '../cases/scripted-world.ts'
import type { Tab } from '../cases/tab.ts'
import { type Model, type Stage, stepsOf } from './model.ts'

const ROOM = 'room:1'
const DESK = 'desk:1'
const SPACES = [ROOM, DESK] as const

const MAKERS_ALONE = { drafts: 'creator' } as const
const LINES_BEFORE = 3

interface Prepared {
  readonly server: Snapshot
  readonly disk: MemoryStorage
}

/** One device that reads: notes of a page each, lines in a window, and drafts that their makers alone see. */
class Reader implements Stage {
  readonly world: ScriptedWorld = new ScriptedWorld()
  alice!: Tab
  lines = 0
  changes = 0
  backup: Snapshot | undefined
  waiting: Hold | undefined

  /** Begins where `prepared` has come to. */
  async begin(prepared: Prepared): Promise<this> {
    const { world } = this
    world.killServer()
    world.changelog.restore(prepared.server)
    world.startServer(MAKERS_ALONE)
    this.lines = LINES_BEFORE
    this.alice = await world.open('alice', { spaces: SPACES, disk: prepared.disk.clone() })
    return this
  }

  async prepare(): Promise<Prepared> {
    const { world } = this
    world.killServer()
    world.startServer(MAKERS_ALONE)
    for (let n = 0; n < LINES_BEFORE; n++) await this.addLine()
    await world.put(ROOM, 'notes', 'x', { text: BIG })
    await world.put(ROOM, 'notes', 'y', { text: BIG })
    await world.put(DESK, 'drafts', 'x', { text: BIG }, 'alice')
    await world.put(DESK, 'drafts', 'y', { text: BIG }, 'bob')
    await world.put(DESK, 'drafts', 'z', { text: BIG }, 'alice')
    this.alice = await world.open('alice', { spaces: SPACES })
    await world.pass(1000)
    return { server: world.changelog.snapshot(), disk: this.alice.disk.clone() }
  }

  get tabs(): readonly Tab[] {
    return [this.alice]
  }

  heal(): void {
    this.release()
    this.world.isReachable = true
  }

  release(): void {
    this.waiting?.release()
    this.waiting = undefined
  }

  async addLine(): Promise<void> {
    const id = `line ${this.lines++}`
    await this.world.put(ROOM, 'lines', id, { text: id })
  }

  /** A field of a note, or the note anew where there is none. */
  async change(): Promise<void> {
    const note = await this.world.changelog.read('default', (tx) => tx.document(ROOM, 'notes', 'x'))
    if (note?.doc === undefined) await this.world.put(ROOM, 'notes', 'x', { text: BIG })
    else await this.world.patch(ROOM, 'notes', 'x', { stars: ++this.changes })
  }

  /** A draft changes hands: out of the sight of the one, into that of the other. */
  async hand(id: string): Promise<void> {
    const { world } = this
    const draft = await world.changelog.read('default', (tx) => tx.document(DESK, 'drafts', id))
    await world.delete(DESK, 'drafts', id)
    await world.put(DESK, 'drafts', id, { text: `${BIG}${++this.changes}` }, draft?.creator === 'alice' ? 'bob' : 'alice')
  }

  /** Another device of hers, with nothing on its disk; where later pages wait, it has the first one alone. */
  async start(): Promise<void> {
    const { waiting } = this
    this.alice.crash()
    const { isReachable } = this.world
    this.world.isReachable = false
    this.alice = await this.world.open('alice', { spaces: SPACES })
    if (waiting !== undefined) this.waiting = this.alice.line.hold(waiting.way, waiting.wants)
    this.world.isReachable = isReachable
    await this.world.pass(2000)
  }

  async forget(isAll: boolean): Promise<void> {
    for (const space of SPACES) {
      const { version } = await this.world.head(space)
      await this.world.trim(space, version, isAll ? version : 0)
    }
  }
}

const { step, once } = stepsOf<Reader>()
const nothingWaits = ({ waiting, world }: Reader) => waiting === undefined && world.isReachable
const hasBackup = ({ backup }: Reader) => backup !== undefined

let prepared: Promise<Prepared> | undefined

/** Who reads what others change, delete and hand over, page by page, while logs are trimmed and a server is set back. */
export const readers: Model<Reader> = {
  name: 'readers',
  async begin() {
    prepared ??= new Reader().prepare()
    return new Reader().begin(await prepared)
  },
  steps: [
    once('a note is changed', (stage) => stage.change()),
    once('the note is deleted', ({ world }) => world.delete(ROOM, 'notes', 'x')),
    step(
      'a line is written',
      (stage) => stage.addLine(),
      ({ lines }) => lines < 5,
    ),
    once('the oldest line is changed', ({ world }) => world.put(ROOM, 'lines', 'line 0', { text: 'changed' })),
    once('the oldest line is deleted', ({ world }) => world.delete(ROOM, 'lines', 'line 0')),
    once('her draft goes to somebody else', (stage) => stage.hand('x')),
    once("somebody else's draft comes to her", (stage) => stage.hand('y')),
    step(
      'she goes away',
      async ({ world, alice }) => {
        world.isReachable = false
        alice.line.cut()
      },
      ({ world }) => world.isReachable,
    ),
    step(
      'she comes back',
      async ({ world }) => {
        world.isReachable = true
        await world.pass(5000)
      },
      ({ world }) => !world.isReachable,
    ),
    once('she begins anew', (stage) => stage.start()),
    once(
      'later pages wait',
      async (stage) => {
        stage.waiting = stage.alice.line.hold('down', ({ t, from }) => t === 'range' && from > 0)
      },
      nothingWaits,
    ),
    once(
      'answers wait',
      async (stage) => {
        stage.waiting = stage.alice.line.hold('answer')
      },
      nothingWaits,
    ),
    step(
      'what waits arrives',
      async (stage) => stage.release(),
      ({ waiting }) => waiting !== undefined,
    ),
    step(
      'what waits is lost, and the connection with it',
      async (stage) => {
        stage.waiting?.drop()
        stage.waiting = undefined
        stage.alice.line.cut()
      },
      ({ waiting }) => waiting !== undefined,
    ),
    step('an older page is asked for', async ({ alice }) => {
      // What comes of it is held against the server in the end.
      alice
        .space(ROOM)
        .lines.older({ limit: 1 })
        .catch(() => {})
    }),
    once('the log is trimmed', (stage) => stage.forget(false)),
    once('the past is forgotten', (stage) => stage.forget(true)),
    once('a backup is made', async (stage) => {
      stage.backup = stage.world.changelog.snapshot()
    }),
    once('the server is set back as it runs', async ({ world, backup }) => backup && world.restore(backup), hasBackup),
    once(
      'the server is set back, and starts again',
      async ({ world, backup }) => backup && world.restoreAndRestart(backup, MAKERS_ALONE),
      hasBackup,
    ),
  ],
}
