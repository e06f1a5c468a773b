import type { MemoryStorage } from '@tidemark/client/testing'
import { TABOO } from '../cases/case-app.ts'
import type { Hold } from '../cases/scripted-line.ts'
import { ScriptedWorld, type Snapshot } from '../cases/scripted-world.ts'
import type { Tab } from '../cases/tab.ts'
import { type Model, type Stage, stepsOf } from './model.ts'

const ROOM = 'room:1'
/** Texts of one history. */
const SAID_MAX = 3

/** Two devices of one person, a server, and what was set aside of them. */
class Writers implements Stage {
  readonly world: ScriptedWorld = new ScriptedWorld()
  a!: Tab
  b!: Tab
  saidTimes = 0
  backup: { readonly server: Snapshot; readonly disk: MemoryStorage } | undefined
  /** What the network keeps back, however long. */
  waiting: Hold | undefined
  #isAway = false

  async begin(): Promise<this> {
    this.a = await this.world.open('alice')
    this.b = await this.world.open('alice')
    return this
  }

  get tabs(): readonly Tab[] {
    return [this.a, this.b]
  }

  get isAway(): boolean {
    return this.#isAway
  }

  /** The first device goes out of reach of everything, or comes back. */
  set isAway(isAway: boolean) {
    this.#isAway = isAway
    const { line } = this.a
    line.liveAt = () => (isAway ? undefined : this.world.server)
    line.requestsAt = line.liveAt
    if (isAway) line.cut()
  }

  release(): void {
    this.waiting?.release()
    this.waiting = undefined
  }

  heal(): void {
    this.release()
    this.isAway = false
  }

  async say(tab: Tab, text = ''): Promise<void> {
    await tab.say(`${text}${++this.saidTimes}`)
  }

  /** A device starts again, on the disk that it had or on another one. */
  async start(name: 'a' | 'b', disk: MemoryStorage): Promise<void> {
    this[name].crash()
    this[name] = await this.world.open('alice', { disk })
    if (name === 'a') this.isAway = this.#isAway
  }
}

/** What comes next on the way to a tab is lost with its connection. */
function loseNext({ line }: Tab, t: string): void {
  const lost = line.hold('down', (body) => {
    if (body.t !== t) return false
    queueMicrotask(() => {
      line.cut()
      lost.drop()
    })
    return true
  })
}

const { step, once } = stepsOf<Writers>()
const canSay = (_: Writers, before: readonly string[]) => before.filter((name) => name.includes('says')).length < SAID_MAX
const hasBackup = ({ backup }: Writers) => backup !== undefined
const nothingWaits = ({ waiting, isAway }: Writers) => waiting === undefined && !isAway

/** Who writes, loses answers, crashes, is copied or set back, before a server that is set back, too. */
export const writers: Model<Writers> = {
  name: 'writers',
  begin: () => new Writers().begin(),
  steps: [
    step('a says', (stage) => stage.say(stage.a), canSay),
    step('b says', (stage) => stage.say(stage.b), canSay),
    once('a says what is refused', (stage) => stage.say(stage.a, TABOO), canSay),
    step(
      'a goes away',
      async (stage) => {
        stage.isAway = true
      },
      ({ isAway }) => !isAway,
    ),
    step(
      'a comes back',
      async (stage) => {
        stage.isAway = false
        await stage.world.pass(5000)
      },
      ({ isAway }) => isAway,
    ),
    once(
      'what is on its way to a waits',
      async (stage) => {
        stage.waiting = stage.a.line.hold('down')
      },
      nothingWaits,
    ),
    once(
      'what a sends waits',
      async (stage) => {
        stage.waiting = stage.a.line.hold('up')
      },
      nothingWaits,
    ),
    step(
      'what waits arrives',
      async (stage) => stage.release(),
      ({ waiting }) => waiting !== undefined,
    ),
    once('the next ack to a is lost', async ({ a }) => loseNext(a, 'ack')),
    once('the next range to b is lost', async ({ b }) => loseNext(b, 'range')),
    once('a crashes', (stage) => stage.start('a', stage.a.disk.reopen())),
    once('the past is forgotten', async ({ world }) =>
      world.trim(ROOM, (await world.head(ROOM)).version, (await world.head(ROOM)).version),
    ),
    once('a backup is made', async (stage) => {
      stage.backup = { server: stage.world.changelog.snapshot(), disk: stage.a.disk.clone() }
    }),
    once('the server is set back as it runs', async ({ world, backup }) => backup && world.restore(backup.server), hasBackup, true),
    once(
      'the server is set back, and starts again',
      async ({ world, backup }) => backup && world.restoreAndRestart(backup.server),
      hasBackup,
      true,
    ),
    once('a is set back', async (stage) => stage.backup && stage.start('a', stage.backup.disk.clone()), hasBackup, true),
    once('b becomes a copy of a', (stage) => stage.start('b', stage.a.disk.clone()), undefined, true),
  ],
}
