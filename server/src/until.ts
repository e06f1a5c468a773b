import type { Clock } from '@tidemark/shared'

/** How often the condition is looked at, in ms. */
const LOOK_MS = 10

/** Resolves when `holds`, or after `ms`. */
export async function until(clock: Clock, ms: number, holds: () => boolean): Promise<void> {
  const endMs = clock.monotonicMs() + ms
  while (!holds() && clock.monotonicMs() < endMs) await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))
}
