import type { Asked } from './asked.ts'
import type { Answer } from './offline-server.ts'

export type Verdict = 'refused' | 'detected' | 'right' | `wrong: ${string}`

/** What a damaged file's answers are worth, beside those of a sound one. An error of the server's own is no wrong answer; another answer is. */
export function verdict(asked: Asked, truth: Asked): Verdict {
  if (asked.refused !== undefined) return 'refused'
  const found = [
    compared('read', asked.reads, truth.reads),
    compared('read by bob', asked.readsOfBob, truth.readsOfBob),
    compared('sent again', asked.repeated, truth.repeated),
    compared('written', [asked.wrote], [truth.wrote]),
    ...afterWrites(asked, truth),
  ]
  const wrong = found.find((one) => one.startsWith('wrong'))
  if (wrong !== undefined) return wrong as Verdict
  return found.every((one) => one === 'right') && asked.reopened.refused === undefined ? 'right' : 'detected'
}

/** What is read after a write is what it made, or what was there before it, by what the write was answered. */
function afterWrites({ wrote, readsAfter, reopened }: Asked, truth: Asked): Verdict[] {
  const acks = acksOf(wrote)
  const expected = acks === acksOf(truth.wrote) ? truth.readsAfter : acks === 0 ? truth.readsOfBob : undefined
  if (expected === undefined) return ['detected']
  return [compared('read after', readsAfter, expected), compared('read when opened again', reopened.reads, expected)]
}

/** A run of pages that stops early at a fault is one fault. */
function compared(what: string, given: readonly (Answer | undefined)[], expected: readonly (Answer | undefined)[]): Verdict {
  let at = 0
  let found: Verdict = 'right'
  for (const answer of given) {
    const other = expected[at]
    at += 1
    if (answer?.text === other?.text && answer?.status === other?.status) continue
    if (!isFault(answer))
      return `wrong: ${what}: ${JSON.stringify(answer)?.slice(0, 300)} where it is ${JSON.stringify(other)?.slice(0, 300)}`
    found = 'detected'
    // The rest of the pages of this run were not asked for.
    while (isContinuation(expected[at - 1], expected[at])) at += 1
  }
  return found
}

const FAULTS = ['internal', 'unavailable']

/** Says that it could not answer: an error of its own, in the place of an answer or of one of its parts. */
function isFault(answer: Answer | undefined): boolean {
  const { error, commits = [] } = JSON.parse(answer?.text ?? '{}') as { error?: Fault; commits?: { error?: Fault }[] }
  return [error, ...commits.map((commit) => commit.error)].some((fault) => fault !== undefined && FAULTS.includes(fault.code))
}

function isContinuation(page: Answer | undefined, following: Answer | undefined): boolean {
  const [{ to, head, space, seal }, next] = [page, following].map((answer) => JSON.parse(answer?.text ?? '{}')) as [Page, Page]
  return to !== undefined && head !== undefined && to < head && next.space === space && next.from === to && next.on === seal
}

function acksOf(answer: Answer | undefined): number {
  return (JSON.parse(answer?.text ?? '{}') as { acks?: readonly unknown[] }).acks?.length ?? 0
}

interface Fault {
  readonly code: string
}

interface Page {
  readonly space?: string
  readonly from?: number
  readonly to?: number
  readonly head?: number
  readonly on?: string
  readonly seal?: string
}
