import type { FaultClass } from './fault-classes.ts'
import type { DevicePlan, Step } from './plan.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What goes wrong between the tabs of a device, beside that they die, freeze, come and go. */
export function tabFaults(random: SeededRandom, devices: readonly DevicePlan[], classes: ReadonlySet<FaultClass>, untilMs: number): Step[] {
  const steps: Step[] = []
  const on = (name: FaultClass, most: number, make: (atMs: number, device: string) => Step) => {
    if (!classes.has(name)) return
    for (let times = random.between(1, most); times > 0; times--) steps.push(make(random.between(0, untilMs), random.pick(devices).name))
  }
  on('tab-crash', 6, (atMs, device) => ({ atMs, do: 'kill tab', device, tab: random.between(0, 2) }))
  on('double-leader', 12, (atMs, device) => ({ atMs, do: 'rob', device, tellMs: random.pick([0, 1000, 20_000, 120_000]) }))
  on('stuck-locks', 4, (atMs, device) => ({ atMs, do: 'stick locks', device, forMs: random.between(1000, 60_000) }))
  return steps
}
