// A process that says things in a lane of a file, as fast as they are kept, until it is killed. Argument: the file, and how much was said
// before. It tells of each id that was kept, `said <id>`, and of each tick that left, `tick <JSON>`, a line each, which
// ends with a semicolon, so that one which was cut off is known.
import { writeSync } from 'node:fs'
import { inProcessBus } from '../src/bus/in-process-bus.ts'
import { createLaneEngine } from '../src/lanes/create-lane-engine.ts'
import { laneOf } from '../src/lanes/lane-of.ts'
import { sqliteLaneStore } from '../src/lanes/sqlite/sqlite-lane-store.ts'
import { nextTurn } from '../src/platform/next-turn.ts'
import { systemClock } from '../src/platform/system-clock.ts'
import { systemRandom } from '../src/platform/system-random.ts'
import { DANMU, laneApp } from './lane-world.ts'

/** Says that wait for the store at one time. */
const SPEAKERS = 20
/** How many of those before are said once more by each process. */
const AGAIN = 200

const [file = '', before = '0'] = process.argv.slice(2)
const app = laneApp({ tickMs: 100, cap: 1000, ring: 10, archiveMs: 3_600_000, text: undefined })
const definition = laneOf(app, DANMU.space, DANMU.lane)
if (definition === undefined) throw new Error('no lane')
const tell = (line: string): void => void writeSync(1, `${line};\n`)

const bus = inProcessBus()
bus.subscribe((hint) => {
  if ('frame' in hint && hint.tick !== undefined) tell(`tick ${hint.frame}`)
})
const engine = createLaneEngine({ app, store: sqliteLaneStore(file), bus, clock: systemClock, random: systemRandom, turn: nextTurn })
await engine.start()
tell('started')
let next = Math.max(0, Number(before) - AGAIN)
await Promise.all(
  Array.from({ length: SPEAKERS }, async () => {
    for (;;) {
      const id = `s${next++}`
      await engine.add(DANMU, definition, { id, by: 'ada', body: { text: id } })
      tell(`said ${id}`)
      // So that a tick has room for all that is said in it.
      await new Promise((resolve) => systemClock.after(5, () => resolve(undefined)))
    }
  }),
)
