import { type App, type SyncError, UnavailableError } from '@tidemark/shared'
import type { Observable, Subscription } from 'rxjs'
import type { Diagnostic } from '../diagnostic.ts'
import type { Following } from '../following/following.ts'
import type { Inside } from '../inside.ts'
import { SELF } from '../replica/rows.ts'
import type { Pending, Phase, Refused, Replica, Status } from '../replica-api.ts'
import type { SyncState } from '../sync.ts'
import { type BeatFacts, beatFacts } from './beat-facts.ts'
import { type CountedTable, countRows, type TableCount } from './count-rows.ts'
import { EVENTS_MAX, eventOfFinding, eventOfFrame, type LoggedEvent, merged } from './event-log.ts'
import { type FrameLog, frameLog } from './frame-log.ts'
import { gapFinder } from './gaps.ts'
import type { PanelPage } from './panel-page.ts'
import { readFrame } from './read-frame.ts'

/** A replica, as far as devtools use what apps use. */
export type ObservedReplica = Pick<
  Replica<App>,
  'clientId' | 'user' | 'status$' | 'pending$' | 'rejected$' | 'diagnostics$' | 'reconnectNow' | 'persist'
>

/** `here`: this tab is connected, or would be. `elsewhere`: another tab is connected for it. */
export type ConnectedAt = 'here' | 'elsewhere'

export interface StorageFacts {
  readonly atMs: number
  readonly usageBytes?: number | undefined
  readonly quotaBytes?: number | undefined
  readonly counts: readonly TableCount[]
  /** Why something could not be counted. */
  readonly error?: SyncError | Error | undefined
}

/** All that devtools show, at the moment of reading. */
export interface Observed {
  readonly replica: ObservedReplica
  readonly app: App
  readonly nowMs: number
  readonly status: Status
  /** When the phase began, in ms since the epoch; undefined: before anybody looked. */
  readonly sinceMs: number | undefined
  readonly connected: ConnectedAt
  /** The number of the tab that leads: it grows with each; undefined where none was needed. */
  readonly lead: number | undefined
  /** This and the beat: undefined while the code for it is being loaded. */
  readonly connection: SyncState['connection'] | undefined
  /** Undefined where another tab follows, too. */
  readonly following: Following | undefined
  readonly beat: BeatFacts | undefined
  readonly pending: readonly Pending[]
  readonly refused: readonly Refused[]
  readonly frames: FrameLog
  /** The newest first. */
  readonly events: readonly LoggedEvent[]
  /** Grows when one is added. */
  readonly eventCount: number
  readonly storage: StorageFacts | undefined
  /** Counts again; does nothing while that is under way. Never rejects. */
  count(): Promise<void>
  end(): void
}

/** Looks at a replica until `end`. `changed` is told of each change, `ended` when the replica was closed. */
export function observe(
  replica: ObservedReplica,
  { world, core, connected: machines, tap }: Inside,
  page: Pick<PanelPage, 'estimate'>,
  changed: () => void,
  ended: () => void,
): Observed {
  const { clock, app } = world
  const frames = frameLog()
  const gaps = gapFinder()
  const present = latest(replica.status$)
  if (!present) throw new UnavailableError('This replica is closed: open it again.')
  let status = present
  let pending: readonly Pending[] = []
  let refused: readonly Refused[] = []
  let diagnostics: readonly Diagnostic[] = []
  let own: readonly LoggedEvent[] = []
  let events: readonly LoggedEvent[] | undefined
  let eventCount = 0
  let storage: StorageFacts | undefined
  let isCounting = false
  let lead: number | undefined
  let ledBy: ConnectedAt | undefined
  let sinceMs: number | undefined

  const connected = (): ConnectedAt => (machines.isFollowing() ? 'elsewhere' : 'here')
  const { state } = machines
  const subscriptions: Subscription[] = [
    replica.status$.subscribe({
      next(told) {
        if (told.phase !== status.phase) sinceMs = clock.nowMs()
        status = told
        if (connected() !== ledBy) void readLead()
        changed()
      },
      complete: ended,
    }),
    replica.pending$.subscribe((told) => {
      pending = told
      changed()
    }),
    replica.rejected$.subscribe((told) => {
      refused = told
      changed()
    }),
    replica.diagnostics$.subscribe((told) => {
      eventCount += told.at(-1) === diagnostics.at(-1) ? 0 : 1
      diagnostics = told
      events = undefined
      changed()
    }),
  ]
  sinceMs = beganMs(status.phase, diagnostics)
  void readLead()

  tap.heard = (way, text) => {
    const frame = readFrame(way, text)
    const atMs = clock.nowMs()
    frames.add(frame, atMs)
    if (frame.kind === 'welcome') gaps.greeted()
    add(eventOfFrame(frame, atMs))
    if (frame.range) {
      const followed = state()?.following.spaces.get(frame.range.space)
      const finding = followed && gaps.range(frame.range, followed.standing.version)
      if (finding) add(eventOfFinding(finding, atMs))
    }
    changed()
  }

  function add(event: LoggedEvent | undefined): void {
    if (!event) return
    own = [...own, event].slice(-EVENTS_MAX)
    events = undefined
    eventCount++
  }

  async function readLead(): Promise<void> {
    ledBy = connected()
    lead = await core.storage.read(['self'], async (tx) => (await tx.get('self', SELF))?.lead as number | undefined).catch(() => undefined)
    changed()
  }

  return {
    replica,
    app,
    frames,
    get nowMs() {
      return clock.nowMs()
    },
    get status() {
      return status
    },
    get sinceMs() {
      return sinceMs
    },
    get connected() {
      return connected()
    },
    get lead() {
      return lead
    },
    get connection() {
      return state()?.connection
    },
    get following() {
      return connected() === 'here' ? state()?.following : undefined
    },
    get beat() {
      const machines = state()
      if (!machines) return undefined
      const { pace, connection } = machines
      return beatFacts(pace, {
        isOpen: connection.name === 'open',
        networkKind: world.network.kind(),
        inFront: world.lifecycle.inFront(),
        monotonicMs: clock.monotonicMs(),
      })
    },
    get pending() {
      return pending
    },
    get refused() {
      return refused
    },
    get events() {
      events ??= merged(diagnostics, own)
      return events
    },
    get eventCount() {
      return eventCount
    },
    get storage() {
      return storage
    },
    async count() {
      if (isCounting) return
      isCounting = true
      const facts: { -readonly [K in keyof StorageFacts]: StorageFacts[K] } = { atMs: clock.nowMs(), counts: storage?.counts ?? [] }
      try {
        const { usage, quota } = await page.estimate().catch(() => ({}) as { usage?: number; quota?: number })
        Object.assign(facts, { usageBytes: usage, quotaBytes: quota })
        const { table } = replica as unknown as { table: CountedTable }
        facts.counts = await countRows(app, core.storage, table)
      } catch (error) {
        facts.error = error instanceof Error ? error : new Error(String(error))
      }
      storage = facts
      isCounting = false
      changed()
    },
    end() {
      tap.heard = undefined
      for (const subscription of subscriptions) subscription.unsubscribe()
    },
  }
}

/** What an observable that tells the present tells first. */
function latest<T>(source: Observable<T>): T | undefined {
  let told: T | undefined
  source
    .subscribe((value) => {
      told = value
    })
    .unsubscribe()
  return told
}

/** As far as the diagnostics tell. */
function beganMs(phase: Phase, diagnostics: readonly Diagnostic[]): number | undefined {
  const last = diagnostics.findLast(({ kind }) => kind === 'open' || kind === 'closed')
  if (phase === 'live' || phase === 'catching up') return last?.kind === 'open' ? last.atMs : undefined
  return phase === 'waiting' && last?.kind === 'closed' ? last.atMs : undefined
}
