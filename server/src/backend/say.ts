import {
  type App,
  BadRequestError,
  ForbiddenError,
  isItemId,
  isSpaceId,
  kindOf,
  NotFoundError,
  newDocumentId,
  type Random,
} from '@tidemark/shared'
import type { LaneEngine } from '../lanes/lane-engine.ts'
import { laneOf, noLane } from '../lanes/lane-of.ts'
import type { Moderation } from '../moderation/moderation.ts'
import { type AskAccess, mayWrite } from './access.ts'
import type { Principal, Saying } from './backend.ts'

export interface SayWorld {
  readonly app: App
  readonly ask: AskAccess
  readonly random: Random
  readonly engine: LaneEngine
  readonly moderation: Moderation
}

/**
 * The way of what somebody says: rights, the lane, moderation, then its tick or the hold queue [L1]. Resolves once it outlives the process;
 * what is dropped is answered like anything else. Throws SyncErrors.
 */
export async function say(world: SayWorld, principal: Principal, { space, lane, id, body }: Saying): Promise<{ readonly id: string }> {
  const { app, ask, random, engine, moderation } = world
  if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
  if (id !== undefined && !isItemId(id)) throw new BadRequestError('id: 1 to 64 of A-Z a-z 0-9 _ -')
  if (!Object.hasOwn(app.spaces, kindOf(space))) throw new NotFoundError(`There is no space kind ${kindOf(space)}.`)
  const access = await ask(principal, space)
  if (access === 'none') throw new ForbiddenError('You may not read this space.')
  const definition = laneOf(app, space, lane)
  if (definition === undefined) return noLane(lane)
  if (!mayWrite(access)) throw new ForbiddenError('You may not say anything in this space.')

  const judged = await moderation.judge({ principal, access, space, lane, definition, body })
  const item = id ?? newDocumentId(random)
  const by = principal.user
  const place = { tenant: principal.tenant, space, lane }
  if (judged.verdict === 'say') await engine.add(place, definition, { id: item, by, body: judged.body })
  if (judged.verdict === 'hold') await moderation.hold({ place, item, by, body: judged.body, text: judged.text, because: judged.because })
  return { id: item }
}
