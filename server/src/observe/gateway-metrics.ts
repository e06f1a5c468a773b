import type { ErrorCode } from '@tidemark/shared'
import type { RefusedOf } from './refused-of.ts'

/** What a gateway counts. */
export interface GatewayMetrics {
  opened(): void
  closed(): void
  /** A hello or a pull was taken, after it had waited so long for its turn, in ms. */
  admitted(waitMs: number): void
  /** One came when too many had come, and was told when to come again. */
  sentAway(): void
  /** A range was sent to one reader. */
  ranges(): void
  /** A client stated again where a followed copy stands: something was lost on the way. */
  gaps(): void
  /** A follow ended because its reader was too slow or too far back. */
  behind(): void
  /** Something was said over a live connection or a POST, and taken. */
  said(): void
  /** A tick of a lane was sent to one reader, or not, since the reader is slow. */
  ticks(): void
  tickMissed(): void
  /** A frame, a space or a connection was refused; `of`: whose, once that is known. */
  refused(code: ErrorCode, of?: RefusedOf): void
}
