import { ancestor, type History, type Moment } from './history.ts'

/** A mutation of this device that is in the outbox, or has just left it because it was done. */
export interface Shown {
  readonly nonce: string
  readonly touched: readonly string[]
  /** Where nothing optimistic of it shows any more. */
  readonly arrived: readonly string[]
  /** Its ack has come. */
  readonly isAcked: boolean
}

/** What a network and a server did that makes a moment of either wrong be right. */
export interface Excuses {
  /** Frames vanish or overtake each other. */
  readonly isLossy: boolean
  /** What the server had done and refused it may have forgotten, in whichever space: what it told of that is of another history. */
  readonly wasSetBack: boolean
}

/** A copy as it is shown. */
interface Copy {
  readonly version: number
  readonly seal: string
  readonly whole: boolean
  readonly floors?: Readonly<Record<string, number>>
}

/**
 * [M4] Whoever wrote something sees it once, at every moment: as an optimistic result until the commit is in the copy, and as what the
 * server told from then on. Says where the copy already holds the commit and the result lies on it still, so that it shows twice, and
 * where the result shows no more and the commit is still to come, so that it vanishes for a while.
 */
export function wronglyShown(
  { nonce, touched, arrived, isAcked }: Shown,
  copyOf: (space: string) => Copy | undefined,
  histories: ReadonlyMap<string, History>,
  { isLossy, wasSetBack }: Excuses,
): string[] {
  return touched.flatMap((space) => {
    const copy = copyOf(space)
    const history = histories.get(space)
    const moment = copy?.whole ? history?.at(copy.version, copy.seal) : undefined
    // A copy may be of a history that is over, until it is told [M5].
    if (history === undefined || moment === undefined || ancestor(history.head, moment.version) !== moment) return []
    const made = [...history.madeAt(nonce)]
    const heldAt = (upTo: Moment) => made.find((version) => ancestor(upTo, version)?.origin === nonce)
    const shows = !arrived.includes(space)
    const here = heldAt(moment)
    // What is built anew after a restore may hold it before anything tells whose it was: the ack follows.
    if (shows && !isLossy && !wasSetBack && here !== undefined && isTold(moment, here, copy?.floors?.lines))
      return [`${nonce} shows twice in ${space} at ${moment.version}`]
    // What another history acknowledged may be asked for once more: a reset can overtake what came since, with the same seal. And what it
    // refused, which a lost answer leaves to `acked` to tell, this one may do.
    if (!shows && here === undefined && heldAt(history.head) !== undefined && !(isAcked && wasSetBack))
      return [`${nonce} shows no more in ${space} at ${moment.version}, and its commit is still to come`]
    return []
  })
}

/**
 * Something is left of a commit: a compacted range tells whose it was. Of what was written over, and of lines below the floor of the
 * copy, only the ack tells, which comes next.
 */
function isTold({ documents }: Moment, version: number, floor = 0): boolean {
  for (const [key, { changed, created }] of documents)
    if (changed === version && !(created <= floor && key.startsWith('lines '))) return true
  return false
}
