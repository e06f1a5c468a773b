import { setImmediate } from 'node:timers/promises'

export interface Ask {
  readonly id: number
  readonly name: string
  readonly arg: unknown
}
export type Told = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string }

/** What a process holds after its garbage was collected, in bytes. */
export interface Memory {
  readonly rss: number
  /** Objects of JavaScript, and what lies outside the heap on their behalf. */
  readonly held: number
}

const own: Readonly<Record<string, () => unknown>> = {
  /** CPU seconds of this process so far, of all its threads. */
  cpuS: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  },
  async memory(): Promise<Memory> {
    // Finalizers run between two collections.
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.()
      await setImmediate()
    }
    const { rss, heapUsed, external } = process.memoryUsage()
    return { rss, held: heapUsed + external }
  },
}

/** Runs in the process that is measured: says `ready`, then answers what the process that measures asks. Ends with that. */
export function underTest(ready: unknown, answers: Readonly<Record<string, (arg: never) => unknown>>): void {
  const known: Readonly<Record<string, (arg: never) => unknown>> = { ...own, ...answers }
  process.on('message', async ({ id, name, arg }: Ask) => {
    try {
      tell({ id, answer: await known[name]?.(arg as never) })
    } catch (error) {
      tell({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit(0))
  tell({ id: 0, answer: ready })
}

function tell(told: Told): void {
  process.send?.(told)
}
