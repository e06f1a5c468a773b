// What the hooks of a page share.
import { pageFrames } from '../platform/page-frames.ts'
import { systemClock } from '../platform/system-clock.ts'
import { frameCells } from './frame-cells.ts'
import { type Kept, kept } from './kept.ts'
import { type Observed, observed, type Source } from './observed.ts'
import { keptQueries, type Queries } from './query-store.ts'
import { type SuspendedQuestions, suspendedQuestions } from './suspended-questions.ts'

const cell = frameCells(pageFrames)

export const queries: Queries = keptQueries({ clock: systemClock, cell })
export const suspendedOnes: SuspendedQuestions = suspendedQuestions(systemClock)

interface Closable {
  close(): void
}
const spaces = new WeakMap<object, Kept<Closable>>()
const streams = new WeakMap<object, Observed<unknown>>()

/** The spaces of a replica that its components use, by id. */
export function spacesOf(replica: object): Kept<Closable> {
  return once(spaces, replica, () => kept({ clock: systemClock, close: (space) => space.close() }))
}

/** What all components that use this stream share. */
export function observedOf<T>(source: Source<T>): Observed<T> {
  return once(streams as WeakMap<object, Observed<T>>, source, () => observed(cell, source))
}

function once<T>(made: WeakMap<object, T>, of: object, make: () => T): T {
  let value = made.get(of)
  if (value === undefined) {
    value = make()
    made.set(of, value)
  }
  return value
}
