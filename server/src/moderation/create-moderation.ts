import { createHash } from 'node:crypto'
import {
  type App,
  type Clock,
  ForbiddenError,
  type HeldItem,
  isJsonObject,
  type Json,
  type JsonObject,
  type LaneDefinition,
  type LaneSetting,
  MODERATION,
  RateLimitedError,
  type Restricted,
  TooLargeError,
  UnavailableError,
  validateJson,
} from '@tidemark/shared'
import type { Commits } from '../backend/commits.ts'
import type { MutationDraft } from '../backend/mutation-draft.ts'
import type { Bus } from '../bus/bus.ts'
import type { Changelog } from '../changelog/changelog.ts'
import type { LaneEngine, LanePlace, LaneSettings } from '../lanes/lane-engine.ts'
import { laneOf } from '../lanes/lane-of.ts'
import type { Log } from '../observe/log.ts'
import { DESK_IDLE_MS, DESKS_MAX, HELD_FULL_AFTER_MS, HELD_MAX, HELD_PER_USER_MAX, PACES_MAX, SAY_BYTES_MAX } from './bounds.ts'
import { type CheckAnswer, type ContentCheckOptions, ContentChecks } from './content-check.ts'
import { Desk } from './desk.ts'
import type { Judged, Moderation, ToHold, ToJudge } from './moderation.ts'
import { Outgoing } from './outgoing.ts'
import { type Pace, Paces } from './paces.ts'
import { placeIn } from './place-in.ts'

/** How much one user may say: in one lane, and in all of a tenant's. */
export interface SayPaces {
  readonly lane: Pace
  readonly all: Pace
  readonly anonymousLane: Pace
  readonly anonymousAll: Pace
}

export const SAY_PACES: SayPaces = {
  lane: { perS: 2, burst: 10 },
  all: { perS: 5, burst: 20 },
  anonymousLane: { perS: 0.5, burst: 5 },
  anonymousAll: { perS: 1, burst: 10 },
}

export interface ModerationOptions extends ContentCheckOptions {
  /** Other paces than SAY_PACES. */
  readonly paces?: Partial<SayPaces> | undefined
}

export interface ModerationWorld {
  readonly app: App
  readonly changelog: Changelog
  readonly commits: Pick<Commits, 'run'>
  readonly engine: LaneEngine
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
}

interface Tenant {
  readonly desk: Desk
  readonly outgoing: Outgoing
  usedMs: number
}

export function createModeration(world: ModerationWorld, options: ModerationOptions = {}): Moderation {
  const { app, changelog, commits, engine, bus, clock, log } = world
  const tenants = new Map<string, Tenant>()
  const paces = new Paces(clock, PACES_MAX)
  const pace: SayPaces = { ...SAY_PACES, ...options.paces }
  const checks = new ContentChecks(options, clock, log)
  /** On their way into the hold queue, by tenant, and by tenant and user. */
  const holding = new Map<string, number>()
  let isStopped = false

  function tenantOf(tenant: string): Tenant {
    const known = tenants.get(tenant)
    if (known !== undefined) {
      known.usedMs = clock.monotonicMs()
      return known
    }
    for (const [name, { desk, outgoing }] of tenants) {
      if (tenants.size < DESKS_MAX) break
      desk.close()
      // What is left is on its way for the desk that comes next.
      void outgoing.stop()
      tenants.delete(name)
    }
    const desk: Desk = new Desk({
      tenant,
      changelog,
      clock,
      log,
      onSetting: (setting) => settingChanged(tenant, setting),
      onOutgoing: () => outgoing.take(),
      onRound() {
        const of = tenants.get(tenant)
        if (of === undefined || desk.outgoing.size > 0 || clock.monotonicMs() - of.usedMs < DESK_IDLE_MS) return
        desk.close()
        tenants.delete(tenant)
      },
    })
    const outgoing: Outgoing = new Outgoing({ tenant, app, desk, engine, clock, log, write: (run) => write(tenant, run) })
    const made = { desk, outgoing, usedMs: clock.monotonicMs() }
    tenants.set(tenant, made)
    desk.ready().catch((err) => log.warn({ err }, 'the space of moderation could not be read'))
    return made
  }

  function settingChanged(tenant: string, { space, lane }: LaneSetting): void {
    const definition = laneOf(app, space, lane)
    if (definition !== undefined) engine.settingsChanged({ tenant, space, lane }, definition)
  }

  /** A commit of the server's own. Throws what `run` threw, or UnavailableError. */
  async function write(tenant: string, run: (draft: MutationDraft) => Promise<void>): Promise<void> {
    const ask = { key: undefined, user: '', size: 1, named: [MODERATION], assertMayWrite() {}, run }
    const [ended] = await commits.run(tenant, 'server', [ask])
    if (ended?.in === undefined) throw ended?.error
  }

  const unsubscribe = bus.subscribe((hint) => {
    if (hint.version === undefined || hint.space !== MODERATION || isStopped) return
    tenantOf(hint.tenant)
      .desk.refresh()
      .catch((err) => log.warn({ err }, 'the space of moderation could not be read'))
  })

  return {
    settings({ tenant, space, lane }): LaneSettings {
      return (isStopped ? undefined : tenantOf(tenant).desk.setting(space, lane)) ?? {}
    },

    async judge({ principal, access, space, lane, definition, body }: ToJudge): Promise<Judged> {
      const { tenant, user, anonymous } = principal
      const isAdmin = access === 'admin'
      if (!isAdmin) {
        const afterMs = paces.take([
          { key: `${tenant} ${user}`, pace: anonymous ? pace.anonymousAll : pace.all },
          { key: `${tenant} ${user} ${space} ${lane}`, pace: anonymous ? pace.anonymousLane : pace.lane },
        ])
        if (afterMs > 0) throw new RateLimitedError('You say more than may be said here in so short a time. Wait a moment.', { afterMs })
      }
      const { desk } = tenantOf(tenant)
      await desk.ready()
      const restricted = desk.restriction(user)
      if (restricted?.act === 'block') throw new ForbiddenError(blockedText(restricted))
      if (desk.setting(space, lane)?.stopped) throw new UnavailableError('This lane is stopped for now: nothing is taken.')

      const checked = checkedBody(definition, body)
      if (restricted?.act === 'mute') return { verdict: 'drop' }
      let said = withText(definition, checked, undefined)
      const found = isAdmin || said.text === undefined ? undefined : desk.filter?.find(said.text)
      if (found?.action === 'hold') return { verdict: 'hold', body: checked, text: said.text ?? '', because: `the word "${found.word}"` }
      if (found?.action === 'drop') return { verdict: 'drop' }
      if (found?.action === 'mask') said = withText(definition, checked, found.text)

      const { answer, isUnanswered } = await checks.ask({ tenant, user, space, lane, ...said })
      return judgedBy(answer, isUnanswered, definition, said)
    },

    async hold({ place: { tenant, space, lane }, item, by, body, text, because }: ToHold): Promise<void> {
      const { desk } = tenantOf(tenant)
      await desk.ready()
      const id = heldId({ tenant, space, lane }, by, item)
      if (desk.held.has(id)) return
      const [all, own] = [tenant, `${tenant} ${by}`]
      const isFull =
        desk.held.size + (holding.get(all) ?? 0) >= HELD_MAX || desk.held.countOf(by) + (holding.get(own) ?? 0) >= HELD_PER_USER_MAX
      if (isFull) throw new RateLimitedError('Too much waits for a person to look at it. Try again later.', { afterMs: HELD_FULL_AFTER_MS })
      for (const key of [all, own]) holding.set(key, (holding.get(key) ?? 0) + 1)
      try {
        const doc: HeldItem = { space, lane, item, by, body, text, because, atMs: clock.nowMs() }
        await write(tenant, async (draft) => {
          if ((await draft.get(placeIn('held', id))) ?? (await draft.get(placeIn('outgoing', id)))) return
          await draft.create(placeIn('held', id), doc)
        })
        // Whoever comes next counts it.
        await desk.refresh().catch(() => {})
      } finally {
        for (const key of [all, own]) {
          const left = (holding.get(key) ?? 1) - 1
          if (left === 0) holding.delete(key)
          else holding.set(key, left)
        }
      }
    },

    async stop() {
      isStopped = true
      unsubscribe()
      const all = [...tenants.values()]
      tenants.clear()
      for (const { desk } of all) desk.close()
      await Promise.all(all.map(({ outgoing }) => outgoing.stop()))
    },
  }
}

/** The same for what one user says again in one lane under one id; another for anyone else, whatever id they choose. */
function heldId(place: LanePlace, by: string, item: string): string {
  return createHash('sha256')
    .update(JSON.stringify([place.space, place.lane, by, item]))
    .digest('base64url')
    .slice(0, 22)
}

function checkedBody({ schema }: LaneDefinition, body: unknown): Json {
  const text = JSON.stringify(body) as string | undefined
  if (text !== undefined && Buffer.byteLength(text) > SAY_BYTES_MAX) throw tooLong()
  const checked = validateJson(schema, body, 'body')
  // What a schema adds counts, too.
  if (Buffer.byteLength(JSON.stringify(checked)) > SAY_BYTES_MAX) throw tooLong()
  return checked
}

function tooLong(): TooLargeError {
  return new TooLargeError(`What is said in a lane is at most ${SAY_BYTES_MAX} bytes.`)
}

interface Said {
  readonly body: Json
  /** What the filter reads of it. */
  readonly text: string | undefined
}

/** A body with the text that the filter reads of it, or with another one in its place. */
function withText({ text: field }: LaneDefinition, body: Json, other: string | undefined): Said {
  if (field === undefined || !isJsonObject(body)) return { body, text: undefined }
  const text = Object.hasOwn(body, field) ? (body as JsonObject)[field] : undefined
  if (typeof text !== 'string') return { body, text: undefined }
  return other === undefined ? { body, text } : { body: { ...body, [field]: other }, text: other }
}

function judgedBy(answer: CheckAnswer, isUnanswered: boolean, definition: LaneDefinition, said: Said): Judged {
  if (answer === 'say') return { verdict: 'say', body: said.body }
  if (answer === 'drop') return { verdict: 'drop' }
  if (answer === 'hold')
    return {
      verdict: 'hold',
      body: said.body,
      text: said.text ?? '',
      because: isUnanswered ? 'the content check did not answer' : 'the content check',
    }
  return { verdict: 'say', body: withText(definition, said.body, answer.mask).body }
}

/** For a person to read: UTC, rounded up to the minute, and the reason that was given. */
function blockedText({ untilMs, because }: Pick<Restricted, 'untilMs' | 'because'>): string {
  const until = untilMs === undefined ? '' : ` until ${minuteOf(untilMs)} UTC`
  return `You are blocked from saying anything here${until}${because === undefined ? '' : `, because: ${because}`}.`
}

function minuteOf(ms: number): string {
  return new Date(Math.ceil(ms / 60_000) * 60_000).toISOString().slice(0, 16).replace('T', ' ')
}
