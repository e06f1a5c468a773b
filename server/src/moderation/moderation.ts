import type { LaneDefinition, SpaceId } from '@tidemark/shared'
import type { Access } from '../backend/access.ts'
import type { Principal } from '../backend/backend.ts'
import type { LaneSettings } from '../lanes/lane-engine.ts'

/** What is to become of what somebody says. `drop`: its speaker alone sees it, and is not told. */
export type Judged =
  | { readonly verdict: 'say'; readonly body: unknown }
  | { readonly verdict: 'drop' }
  /** It waits for a person, in the hold queue. */
  | { readonly verdict: 'hold'; readonly body: unknown; readonly text: string; readonly because: string }

/** Who may say what, and how lanes run: the acts of admins, of which this is the server's memory. It follows the space `moderation` of each tenant. */
export interface Moderation {
  settings(tenant: string, space: SpaceId, lane: string): LaneSettings
  /**
   * Rate, blocks, schema, words, the app's own check, in this order [L1]. Throws RateLimitedError, ForbiddenError (blocked: with until when),
   * UnavailableError (the lane is stopped), InvalidError.
   */
  judge(said: {
    readonly principal: Principal
    readonly access: Access
    readonly space: SpaceId
    readonly lane: string
    readonly definition: LaneDefinition
    readonly body: unknown
  }): Promise<Judged>
}
