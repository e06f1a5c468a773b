import type { Acked, MutationBatch, Seal, SpaceId, SyncError, Version } from '@tidemark/shared'
import type { PageText, RingText } from '../lanes/lane-engine.ts'

export type { LanePlace, PageText, RingText } from '../lanes/lane-engine.ts'

/** Who is behind a connection or a request, as the token says. */
export interface Principal {
  readonly tenant: string
  readonly user: string
  /** When the token ends, in ms since the epoch; undefined: never. */
  readonly expiresAtMs: number | undefined
  /** Nobody that the app knows: who asked for a token got one, under a name made by chance. */
  readonly anonymous?: true
}

/** Something for a lane. */
export interface Saying {
  readonly space: SpaceId
  readonly lane: string
  /** Chosen by who says it; the server makes one where there is none. */
  readonly id?: string | undefined
  readonly body: unknown
}

/** What readers of one space have in common: those with the same view see the same bytes. `''` where all readers do. */
export type ViewId = string

export interface Ask {
  readonly version: Version
  readonly seal: Seal
}

/** A range body of protocol §4 as JSON text, ready to be spliced into a frame or sent as it is, and what a gateway must know of it. */
export interface EncodedRange {
  readonly from: Version
  readonly on: Seal
  readonly to: Version
  readonly seal: Seal
  readonly head: Version
  readonly reset: boolean
  /** The whole body, `{"space":...}`, without `acked`. */
  readonly text: string
}

export interface RangeBounds {
  readonly changesMax: number
  readonly bytesMax: number
}

/** Whether a first sync cuts the windows of collections [W1]. */
export type Window = 'default' | 'all'

/** What hello and follow learn of one space: where it stands, or why it is not for this reader. */
export type Opened = { readonly view: ViewId; readonly head: Version } | { readonly denied: SyncError }

/**
 * All that a gateway knows of the backend: asynchronous, with arguments and answers that are JSON or bytes, so that a process
 * boundary can be put between the two. It checks every token, number and argument itself [B6]. Errors are SyncErrors.
 */
export interface Backend {
  /** Throws UnauthenticatedError or TokenExpiredError. */
  authenticate(token: string): Promise<Principal>
  /** Which of the spaces this reader may follow, with heads and `acked` read at one moment. `acked` is `[0,""]` for anyone else's client id. Spaces of an unknown kind are denied with `not-found`. */
  open(
    principal: Principal,
    client: string,
    spaces: readonly SpaceId[],
  ): Promise<{ readonly opened: ReadonlyMap<SpaceId, Opened>; readonly acked: Acked }>
  /**
   * The range that a reader with this view lacks after `ask`; a reset where the number no longer holds [N1]; an empty range at the head.
   * Windows are cut, except in a run that a pull began with `all`. `view` is checked against the reader's rights: throws ForbiddenError once access says no. For a gateway that serves all readers of a view, any of them may ask.
   */
  range(principal: Principal, space: SpaceId, ask: Ask, bounds: RangeBounds): Promise<EncodedRange>
  /** `acked` and a range read at one moment, for a pull over HTTP with `client`. `window` counts where a run begins: it stays as it was begun. */
  pull(
    principal: Principal,
    space: SpaceId,
    ask: Ask,
    bounds: RangeBounds,
    client: string | undefined,
    window: Window,
  ): Promise<{ readonly range: EncodedRange; readonly acked: Acked | undefined }>
  /**
   * Documents of a windowed collection created at or before `before`, newest first: the answer of [W1] as JSON text. Throws
   * ForbiddenError, and NotFoundError for what has no window.
   */
  older(principal: Principal, space: SpaceId, collection: string, before: Version, bounds: RangeBounds): Promise<string>
  /** Runs a batch; the answer of protocol §6 as JSON text without the outer braces: `"acks":[...]` and perhaps `,"error":{...}`. */
  mutate(principal: Principal, batch: MutationBatch): Promise<{ readonly text: string; readonly touched: ReadonlyMap<SpaceId, Version> }>
  /** Resolves once it outlives the process, with the id of the item, whatever becomes of it [L1]. Throws what was wrong with it. */
  say(principal: Principal, said: Saying): Promise<{ readonly id: string }>
  /**
   * How a lane runs and its ticks after `since`. Throws NotFoundError for a lane that the kind has not, ForbiddenError, and UnauthenticatedError
   * for nobody in particular where the lane is not public.
   */
  lane(principal: Principal | undefined, space: SpaceId, lane: string, since: number): Promise<RingText>
  /** The minute of its archive that begins at `from`; undefined where its time is past the horizon or yet to come. Throws as `lane`. */
  lanePage(principal: Principal | undefined, space: SpaceId, lane: string, from: number): Promise<PageText | undefined>
  /** Where spaces stand, of those that differ from what is stated: how a gateway checks itself against lost hints [B6]. */
  differing(tenant: string, stated: ReadonlyMap<SpaceId, Ask>): Promise<ReadonlyMap<SpaceId, Version>>
  /** Throws what keeps the backend from serving. */
  ready(): Promise<void>
}
