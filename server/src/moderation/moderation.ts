import type { Json, LaneDefinition, SpaceId } from '@tidemark/shared'
import type { Access } from '../backend/access.ts'
import type { Principal } from '../backend/backend.ts'
import type { LanePlace, LaneSettings } from '../lanes/lane-engine.ts'

/** What somebody says, on its way to being judged. */
export interface ToJudge {
  readonly principal: Principal
  readonly access: Access
  readonly space: SpaceId
  readonly lane: string
  readonly definition: LaneDefinition
  readonly body: unknown
}

/** What is to become of what somebody says. `drop`: its speaker alone sees it, and is not told. */
export type Judged =
  | { readonly verdict: 'say'; readonly body: Json }
  | { readonly verdict: 'drop' }
  /** It waits for a person, in the hold queue. */
  | { readonly verdict: 'hold'; readonly body: Json; readonly text: string; readonly because: string }

/** What waits for a person. */
export interface ToHold {
  readonly place: LanePlace
  readonly item: string
  readonly by: string
  readonly body: Json
  readonly text: string
  readonly because: string
}

/** Who may say what, and how lanes run: the acts of admins, of which this is the server's memory. It follows the space `moderation` of each tenant. */
export interface Moderation {
  /** How admins want a lane to run; nothing while that is not known yet: the engine is told once it is. */
  settings(place: LanePlace): LaneSettings
  /**
   * Rate, blocks, schema, words, the app's own check, in this order [L1]. Throws RateLimitedError, ForbiddenError (blocked: with until when),
   * UnavailableError (the lane is stopped, or nothing can be looked up), TooLargeError, InvalidError.
   */
  judge(said: ToJudge): Promise<Judged>
  /** Puts it into the hold queue; resolves once that is durable. Throws RateLimitedError where that is full, UnavailableError. */
  hold(held: ToHold): Promise<void>
  /** Ends: what is on its way into a lane stays on its way. */
  stop(): Promise<void>
}
