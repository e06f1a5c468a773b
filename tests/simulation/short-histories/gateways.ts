import type { RunningServer } from '../cases/scripted-line.ts'
import { ScriptedWorld, type Snapshot } from '../cases/scripted-world.ts'
import type { Tab } from '../cases/tab.ts'
import { type Model, type Stage, stepsOf } from './model.ts'

const ROOM = 'room:1'
/** Texts of one history. */
const SAID_MAX = 3
/** As often as a gateway checks itself against its backend, in ms. */
const CHECK_MS = 5000

/** Two persons at two gateways over one changelog, of which no hint reaches the other. */
class Gateways implements Stage {
  readonly world: ScriptedWorld = new ScriptedWorld()
  readonly servers: readonly RunningServer[] = [this.world.server as RunningServer, this.world.startAnother()]
  a!: Tab
  b!: Tab
  saidTimes = 0
  backup: Snapshot | undefined
  #isOpen = true

  async begin(): Promise<this> {
    this.a = await this.world.open('alice', { server: this.servers[0] })
    this.b = await this.world.open('bob', { server: this.servers[1] })
    await this.a.say('before')
    await this.world.pass(CHECK_MS)
    return this
  }

  get tabs(): readonly Tab[] {
    return [this.a, this.b]
  }

  heal(): void {
    this.world.access = () => 'write'
    // Whoever was denied asks again only when the app does.
    this.isOpen = false
    this.isOpen = true
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The second person leaves the room, or comes in again. */
  set isOpen(isOpen: boolean) {
    if (isOpen === this.#isOpen) return
    this.#isOpen = isOpen
    if (isOpen) this.b.space(ROOM)
    else this.b.leave(ROOM)
  }

  async say(tab: Tab): Promise<void> {
    await tab.say(`${++this.saidTimes}`)
  }

  /** The connection ends, and the next one goes to the other gateway or to the same. */
  async comeBack({ line }: Tab, isElsewhere: boolean): Promise<void> {
    const at = line.liveAt()
    const next = isElsewhere ? this.servers.find((server) => server !== at) : at
    line.liveAt = () => next
    line.requestsAt = line.liveAt
    line.cut()
    await this.world.pass(3000)
  }
}

/** The next range on the way to a tab is lost, though its connection lives. */
function loseRange({ line }: Tab): void {
  const lost = line.hold('down', ({ t }) => {
    if (t === 'range') queueMicrotask(() => lost.drop())
    return t === 'range'
  })
}

const { step, once } = stepsOf<Gateways>()
const canSay = (_: Gateways, before: readonly string[]) => before.filter((name) => name.includes('says')).length < SAID_MAX
const hasBackup = ({ backup }: Gateways) => backup !== undefined

/** Hints that reach nobody, readers that move from gateway to gateway, and a backend that is set back behind both. */
export const gateways: Model<Gateways> = {
  name: 'gateways',
  begin: () => new Gateways().begin(),
  steps: [
    step('a says', (stage) => stage.say(stage.a), canSay),
    step(
      'b says',
      (stage) => stage.say(stage.b),
      (stage, before) => canSay(stage, before) && stage.isOpen,
    ),
    once('a moves to the other gateway', (stage) => stage.comeBack(stage.a, true)),
    once('b moves to the other gateway', (stage) => stage.comeBack(stage.b, true)),
    once('a comes back to the same', (stage) => stage.comeBack(stage.a, false)),
    once('a range to a is lost', async ({ a }) => loseRange(a)),
    once('a range to b is lost', async ({ b }) => loseRange(b)),
    once('both beat', async ({ a, b }) => {
      await a.beat()
      await b.beat()
    }),
    once('the gateways check', ({ world }) => world.pass(CHECK_MS)),
    once('the right of b is taken', async ({ world }) => {
      world.access = (user) => (user === 'bob' ? 'none' : 'write')
    }),
    once(
      'the right of b is given back',
      async ({ world }) => {
        world.access = () => 'write'
      },
      (_, before) => before.includes('the right of b is taken'),
    ),
    step(
      'b leaves the room',
      async (stage) => {
        stage.isOpen = false
      },
      ({ isOpen }) => isOpen,
    ),
    step(
      'b enters the room',
      async (stage) => {
        stage.isOpen = true
      },
      ({ isOpen }) => !isOpen,
    ),
    once('the past is forgotten', async ({ world }) => {
      const { version } = await world.head(ROOM)
      await world.trim(ROOM, version, version)
    }),
    once('a backup is made', async (stage) => {
      stage.backup = stage.world.changelog.snapshot()
    }),
    once('the backend is set back', async ({ world, backup }) => backup && world.restore(backup), hasBackup, true),
  ],
}
