import type { MemoryStorage } from '@tidemark/client/testing'
import { TABOO } from '../cases/case-app.ts'
import type { Hold } from '../cases/scripted-line.ts'
import { ScriptedWorld, type Snapshot } from '../cases/scripted-world.ts'
import type { Tab } from '../cases/tab.ts'

/** Two devices of one person, a server, and what was set aside of them. */
export class Stage {
  readonly world: ScriptedWorld = new ScriptedWorld()
  a!: Tab
  b!: Tab
  saidTimes = 0
  backup: { readonly server: Snapshot; readonly disk: MemoryStorage } | undefined
  /** What a network keeps back, however long. */
  waiting: Hold | undefined
  #isAway = false

  async open(): Promise<void> {
    this.a = await this.world.open('alice')
    this.b = await this.world.open('alice')
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

  /** A device starts again, on the disk that it had or on another one. */
  async start(name: 'a' | 'b', disk: MemoryStorage): Promise<void> {
    this[name].crash()
    this[name] = await this.world.open('alice', { disk })
    if (name === 'a') this.isAway = this.#isAway
  }
}

/** One thing that may happen, as data: a history is a list of these names. */
export interface Step {
  readonly name: string
  /** False where it would change nothing, or where a history has enough of it. */
  can(stage: Stage, before: readonly string[]): boolean
  run(stage: Stage): Promise<void>
  /** True where it takes away what was kept: a backup put in its place. */
  readonly isLossy?: boolean
}

const SAID_MAX = 3
const once = (name: string) => (_: Stage, before: readonly string[]) => !before.includes(name)

function step(name: string, run: Step['run'], can: Step['can'] = once(name), isLossy = false): Step {
  return { name, run, can, isLossy }
}

async function say(stage: Stage, tab: Tab, text = ''): Promise<void> {
  await tab.say(`${text}${++stage.saidTimes}`)
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

const canSay = ({ saidTimes }: Stage) => saidTimes < SAID_MAX
const hasBackup = (name: string) => (stage: Stage, before: readonly string[]) => stage.backup !== undefined && !before.includes(name)

export const STEPS: readonly Step[] = [
  step('a says', (stage) => say(stage, stage.a), canSay),
  step('b says', (stage) => say(stage, stage.b), canSay),
  step(
    'a says what is refused',
    (stage) => say(stage, stage.a, TABOO),
    (stage, before) => canSay(stage) && !before.includes('a says what is refused'),
  ),
  step(
    'a goes away',
    async (stage) => {
      stage.isAway = true
    },
    (stage) => !stage.isAway,
  ),
  step(
    'a comes back',
    async (stage) => {
      stage.isAway = false
      await stage.world.pass(5000)
    },
    (stage) => stage.isAway,
  ),
  step(
    'what is on its way to a waits',
    async (stage) => {
      stage.waiting = stage.a.line.hold('down')
    },
    (stage, before) => stage.waiting === undefined && !stage.isAway && !before.includes('what is on its way to a waits'),
  ),
  step(
    'what a sends waits',
    async (stage) => {
      stage.waiting = stage.a.line.hold('up')
    },
    (stage, before) => stage.waiting === undefined && !stage.isAway && !before.includes('what a sends waits'),
  ),
  step(
    'what waits arrives',
    async (stage) => stage.release(),
    (stage) => stage.waiting !== undefined,
  ),
  step('the next ack to a is lost', async ({ a }) => loseNext(a, 'ack')),
  step('the next range to b is lost', async ({ b }) => loseNext(b, 'range')),
  step('a crashes', (stage) => stage.start('a', stage.a.disk.reopen())),
  step('the log is trimmed', async ({ world }) => {
    const { version } = await world.head('room:1')
    await world.trim('room:1', version, version)
  }),
  step('a backup is made', async (stage) => {
    stage.backup = { server: stage.world.changelog.snapshot(), disk: stage.a.disk.clone() }
  }),
  step(
    'the server is set back as it runs',
    async ({ world, backup }) => backup && world.restore(backup.server),
    hasBackup('the server is set back as it runs'),
    true,
  ),
  step(
    'the server is set back, and starts again',
    async ({ world, backup }) => backup && world.restoreAndRestart(backup.server),
    hasBackup('the server is set back, and starts again'),
    true,
  ),
  step(
    'a is set back',
    async (stage) => {
      if (stage.backup) await stage.start('a', stage.backup.disk.clone())
    },
    hasBackup('a is set back'),
    true,
  ),
  step('b becomes a copy of a', (stage) => stage.start('b', stage.a.disk.clone()), once('b becomes a copy of a'), true),
]
