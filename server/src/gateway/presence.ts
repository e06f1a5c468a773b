import type { SpaceId } from '@tidemark/shared'

/** Who is there, over all gateways: each tells what it sees [L6]. What that comes to leaves as ticks of the lane `presence`. */
export interface Presence {
  /** This user follows the space, once more. False where nobody wants to know: then there is nothing to leave. */
  enter(tenant: string, space: SpaceId, user: string): boolean
  /** Once less; `lingerMs` is how long they count after the last time. */
  leave(tenant: string, space: SpaceId, user: string, lingerMs: number): void
}
