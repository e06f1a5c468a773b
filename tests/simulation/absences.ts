import type { FaultClass } from './fault-classes.ts'
import type { DevicePlan, Step } from './plan.ts'
import type { SeededRandom } from './seeded-random.ts'

const TABS_MAX = 3
const ABSENCES_MAX = 2
/** How long a device that is going to be away is given to receive what it will miss the end of, in ms. */
const BEFORE_MS = 4000
const AWAY_MS = 4000
/** While it comes back the others write on, in ms: between the pages of a fast network, or of a slow one. */
const RETURNS_MS = [300, 1500, 8000] as const
const WRITES_AWAY = 8
const WRITES_AT_RETURN = 10

/**
 * Devices that are away while the server forgets: what they hold is deleted, or changed, or somebody else's now; their number lies before
 * the horizon, or between it and the log. While they come back, page by page, it goes on: more is deleted, and forgotten.
 */
export function absences(random: SeededRandom, devices: readonly DevicePlan[], classes: ReadonlySet<FaultClass>, chaosMs: number): Step[] {
  const steps: Step[] = []
  for (let times = random.between(1, ABSENCES_MAX); times > 0; times--) {
    const away = random.pick(devices)
    const { name: device, user } = away
    const twin = devices.find((other) => other !== away && other.user === user)
    // In the hall everybody sees the same; in a room there are secrets, which only who made them may delete.
    const space = twin ? random.pick(['hall:c', 'room:a'] as const) : 'hall:c'
    const leavesMs = random.between(BEFORE_MS, chaosMs - BEFORE_MS - AWAY_MS)
    const returnsMs = leavesMs + AWAY_MS
    const untilMs = returnsMs + random.pick(RETURNS_MS)
    const others = devices.filter((other) => other !== away)
    const write = (atMs: number, by: DevicePlan, name: 'put' | 'delete', c: 'lines' | 'secrets', id: string) => {
      const doc = { text: `${c} ${steps.length} of ${times}`, by: by.user }
      steps.push({ atMs, do: 'mutate', device: by.name, tab: 0, space, name, args: { c, id, ...(name === 'put' && { doc }) } })
    }
    const writeLine = (fromMs: number, toMs: number, name = random.pick(['put', 'delete', 'delete'] as const)) =>
      write(random.between(fromMs, toMs), random.pick(others), name, 'lines', `line-${random.between(0, 15)}`)
    // Where deletions stay, what it holds lies between the horizon and the log; else behind the horizon.
    const stay = random.pick([0, 2, 1000])
    const trim = (fromMs: number, toMs: number) => {
      const log = random.pick([0, 0, 1, 3])
      steps.push({ atMs: random.between(fromMs, toMs), do: 'trim', space, log, deletions: log + stay })
    }

    for (let count = 0; count < 4; count++) writeLine(leavesMs - BEFORE_MS, leavesMs - 1000, 'put')
    if (space === 'room:a' && twin) {
      // A secret that it shows is deleted, and made again by somebody who does not show it to them.
      const secret = `secret-${random.between(0, 3)}`
      const deletedMs = random.pick([leavesMs + 500, leavesMs + 1000, returnsMs, random.between(returnsMs, untilMs)])
      for (const atMs of [leavesMs - BEFORE_MS, leavesMs - 2000]) write(atMs, twin, 'put', 'secrets', secret)
      write(deletedMs, twin, 'delete', 'secrets', secret)
      const stranger = random.pick(others.filter((other) => other.user !== user))
      for (const afterMs of [100, 1000]) write(deletedMs + afterMs, stranger, 'put', 'secrets', secret)
    }
    // What it does at the last moment may be done, and it is not told.
    const operation = `last of ${device} ${times}`
    steps.push({ atMs: leavesMs - random.between(0, 100), do: 'mutate', device, tab: 0, space, name: 'count', args: { operation } })
    for (let count = 0; count < WRITES_AWAY; count++) writeLine(leavesMs, returnsMs)
    trim(returnsMs - 1500, returnsMs)
    for (let tab = 0; tab < TABS_MAX; tab++) {
      steps.push({ atMs: leavesMs, do: 'go offline', device, tab })
      steps.push({ atMs: returnsMs, do: 'go online', device, tab })
    }
    if (classes.has('eviction') && random.chance(0.5)) {
      steps.push({ atMs: returnsMs - 3, do: 'crash', device }, { atMs: returnsMs - 2, do: 'evict', device })
      steps.push({ atMs: returnsMs - 1, do: 'start', device, tabs: 1 })
    }
    for (let count = 0; count < WRITES_AT_RETURN; count++) writeLine(returnsMs, untilMs)
    trim(returnsMs, untilMs)
    trim(returnsMs, untilMs)
    for (let count = 0; count < 2; count++)
      steps.push({ atMs: random.between(returnsMs, untilMs), do: 'older', device, tab: 0, space, limit: random.between(1, 6) })
  }
  return steps
}
