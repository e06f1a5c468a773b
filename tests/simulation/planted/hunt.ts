import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { HuntMessage, HuntOrder } from './hunt.child.ts'
import type { PlantedBug } from './planted-bug.ts'

/** A seed that has not ended by then never ends, in ms: one takes a tenth of a second. */
const SEED_WITHIN_MS = 60_000
/** Memory of one process; a bug that makes something grow without a bound ends there, in MiB. */
const MEMORY_MIB = 768
const OUTPUT_CHARACTERS_MAX = 2000

/** What became of one bug. */
export interface Hunt {
  readonly bug: PlantedBug
  /**
   * - `found`: an oracle failed, or a seed never ended, or the process died of it; without the bug that seed holds.
   * - `missed`: every seed held.
   * - `broken`: the bug could not be planted, or nothing ran with it.
   */
  readonly end: 'found' | 'missed' | 'broken'
  /** What found it, and what it said; why it was not. */
  readonly by: string
  readonly message: string
  /** Seeds that were begun. */
  readonly seeds: number
  readonly seconds: number
}

export interface HuntBounds {
  /** The first seed. */
  readonly from?: number
  readonly seedsMax: number
  /** When it is given up, by performance.now(), in ms. */
  readonly endAtMs?: number
  readonly seedWithinMs?: number | undefined
}

/** In which world, and what goes wrong there in each seed. */
type Where = { readonly [key in 'classes' | 'isOfLanes']?: PlantedBug[key] | undefined }
/** What one process came to. */
type Run = Omit<Hunt, 'bug'>

/** Runs seeds with this bug in a process of its own until one fails that holds without it. Never throws. */
export async function hunt(bug: PlantedBug, bounds: HuntBounds): Promise<Hunt> {
  const { from = 1, seedsMax } = bounds
  let seeds = 0
  let seconds = 0
  for (;;) {
    const run = await seedsUntilFailure(bug, bug, { ...bounds, from: from + seeds, seedsMax: seedsMax - seeds })
    seeds += run.seeds
    seconds += run.seconds
    const isFound = run.end === 'found' && (await holds(from + seeds - 1, bug))
    if (run.end !== 'found' || isFound) return { ...run, bug, seeds, seconds }
    if (seeds >= seedsMax) return { bug, end: 'missed', by: 'nothing', message: '', seeds, seconds }
  }
}

const held = new Map<string, Promise<boolean>>()

/** Whether a seed holds with the product as it is: what fails anyway finds nothing. */
function holds(seed: number, { classes = [], isOfLanes }: Where): Promise<boolean> {
  const key = `${seed} ${isOfLanes} ${classes.join()}`
  const known =
    held.get(key) ?? seedsUntilFailure(undefined, { classes, isOfLanes }, { from: seed, seedsMax: 1 }).then(({ end }) => end === 'missed')
  held.set(key, known)
  return known
}

function seedsUntilFailure(
  bug: PlantedBug | undefined,
  { classes = [], isOfLanes = false }: Where,
  { from = 1, seedsMax, endAtMs = Number.POSITIVE_INFINITY, seedWithinMs = SEED_WITHIN_MS }: HuntBounds,
): Promise<Run> {
  return new Promise((resolve) => {
    const beganMs = performance.now()
    const order: HuntOrder = { bug, classes, isOfLanes, from, seeds: seedsMax }
    const child = fork(fileURLToPath(new URL('hunt.child.ts', import.meta.url)), [JSON.stringify(order)], {
      execArgv: ['--conditions=@tidemark/source', `--max-old-space-size=${MEMORY_MIB}`],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-OUTPUT_CHARACTERS_MAX)
      })
    let seeds = 0
    let watchdog: NodeJS.Timeout | undefined
    const end = (end: Hunt['end'], by: string, message: string) => {
      clearTimeout(watchdog)
      child.kill('SIGKILL')
      resolve({ end, by, message, seeds, seconds: (performance.now() - beganMs) / 1000 })
    }
    child.on('message', (said: HuntMessage) => {
      clearTimeout(watchdog)
      if (said.type === 'not found') return end('missed', 'nothing', '')
      if (said.type === 'found') return end('found', said.oracle, said.message)
      if (performance.now() > endAtMs) return end('missed', 'out of time', '')
      seeds++
      watchdog = setTimeout(() => end('found', 'hangs', `seed ${said.seed} did not end within ${seedWithinMs} ms`), seedWithinMs)
    })
    child.on('error', (error) => end('broken', 'no process', String(error)))
    child.on('close', () => end(seeds > 0 ? 'found' : 'broken', 'the process died', output))
  })
}

/** Hunts several at a time; `told` hears of each as it ends. In the order of `bugs`. */
export async function huntAll(
  bugs: readonly PlantedBug[],
  bounds: HuntBounds,
  jobs: number,
  told: (hunt: Hunt) => void = () => {},
): Promise<readonly Hunt[]> {
  const hunts: Hunt[] = []
  const left = [...bugs.entries()]
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [at, bug] = next
      const done = await hunt(bug, bounds)
      hunts[at] = done
      told(done)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return hunts
}
