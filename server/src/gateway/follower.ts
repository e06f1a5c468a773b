import { EMPTY_SEAL, isRunSeal, type SpaceId, type Standing, type SyncError, type Version } from '@tidemark/shared'
import type { Principal, ViewId } from '../backend/backend.ts'

/** The connection of a follower, as far as a channel uses it. */
export interface Reader {
  readonly principal: Principal
  readonly bufferedBytes: number
  send(text: string): void
  /** True when one more range may be asked for now; otherwise the follower waits there, and is served again. */
  mayAsk(follower: Follower): boolean
  /** The reader is slow: `follower` waits until bytes have left, and is served again. */
  waitForRoom(follower: Follower): void
  /** A range was asked for, or the question ended. */
  asked(): void
  answered(): void
  /** `follower` stands elsewhere now, lacks nothing, or has ended. */
  moved(follower: Follower): void
  /** The follow of this space is over: by `behind`, or by `denied`, which also ends what else is followed of it. */
  ended(follower: Follower, by: 'behind' | 'denied'): void
}

/** One copy on one connection: where it stands after all the frames that were sent to it. */
export class Follower {
  readonly reader: Reader
  readonly space: SpaceId
  view: ViewId
  standing: Standing
  /** The memory of the channel from which the standing comes; undefined while it is the client's word. */
  vouchedBy: number | undefined
  /** An answer is due whatever the numbers say: it was stated by the client, or doubt fell on it. */
  mustAsk = true
  /** True where what is remembered may not answer: the client says that something was lost. */
  readonly afresh: boolean
  asking = false
  over = false
  /** False until the head was reached, and while a wide range is still coming page by page. */
  caughtUp = false
  catchUpBytes = 0

  constructor(reader: Reader, space: SpaceId, view: ViewId, stated: Standing, afresh: boolean) {
    this.reader = reader
    this.space = space
    this.view = view
    // At version 0 any seal is good: one spelling lets all beginners share one answer.
    this.standing = stated.version === 0 && !isRunSeal(stated.seal) ? { version: stated.version, seal: EMPTY_SEAL } : stated
    this.afresh = afresh
  }

  lacks(known: Version): boolean {
    return !this.over && (this.mustAsk || this.standing.version < known)
  }
}

/** Errors that concern the one who asked, and nobody who merely waited for the same answer. */
export function isPersonal(error: SyncError): boolean {
  return error.code === 'forbidden' || error.code === 'unauthenticated' || error.code === 'token-expired'
}
