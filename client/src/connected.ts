import { type App, type Clock, kindOf, parseServerFrame, type Random, type ServerFrame, type SpaceId } from '@tidemark/shared'
import { type Observable, Subscription } from 'rxjs'
import type { BeatPolicy } from './connection/beat-policy.ts'
import type { Pause } from './connection/connection.ts'
import type { Lifecycle, Network } from './connection/hints.ts'
import type { LinkPorts } from './connection/link.ts'
import type { Tap } from './connection/tap.ts'
import type { TokenSource, Turn } from './connection/tokens.ts'
import type { Transport } from './connection/transport.ts'
import type { Noted } from './diagnostic.ts'
import type { Frames } from './frames.ts'
import { createSpaceLanes, type SpaceLanes } from './lanes/space-lanes.ts'
import { type OlderAsk, pageIn } from './older.ts'
import type { Attempts } from './outbox/attempts.ts'
import { own } from './replica/definition-of.ts'
import type { LocalCore } from './replica/replica-core.ts'
import { createServedCore } from './replica/served-core.ts'
import type { Older, Status } from './replica-api.ts'
import { reportOf } from './report.ts'
import type { Report } from './status.ts'
import { createSync, type SyncState } from './sync.ts'
import type { Holding } from './tabs/messages.ts'
import { createTabs, type TabPorts } from './tabs/tabs.ts'
import { unionOf } from './tabs/union.ts'

/** What is reached by way of a server, and of other tabs. */
export interface ConnectedWorld {
  readonly app: App
  readonly user: string
  readonly token: TokenSource
  readonly turn?: Turn | undefined
  /** What it shares with other tabs, of which one then connects for all; without it this one connects for itself. */
  readonly tabs?: TabPorts | undefined
  /** Where it is missing, what connects brings one. */
  readonly transport?: Transport | undefined
  readonly clock: Clock
  readonly random: Random
  readonly lifecycle: Lifecycle
  readonly network: Network
  readonly beat: BeatPolicy
  readonly learnedPace?: LinkPorts['learnedPace']
}

/** The replica that is connected. */
export interface ConnectedHost {
  readonly world: ConnectedWorld
  readonly core: LocalCore
  readonly tap: Tap
  /** What this tab holds; its lanes are held here. */
  readonly holding: Record<keyof Holding, number>
  /** What is told of the connection may have changed. */
  changed(): void
  readonly noted: Noted
  /** The present first, then each change. */
  status(): Observable<Pick<Status, 'phase'>>
}

/** What a replica has of the server: the machines that follow and send, and the other tabs, of which one does that for all. */
export interface Connected {
  /** What is told of the connection, by whichever tab is connected. */
  report(): Report
  /** Told by another tab, which is connected for this one. */
  isFollowing(): boolean
  /** What the machines of this tab know; undefined while their code is being loaded. */
  state(): SyncState | undefined
  attempts(): Attempts
  /** Whether any tab holds it. */
  holds(space: SpaceId): boolean
  /** What this tab holds has changed. */
  held(): void
  /** Tells the other tabs what is to be told. */
  say(): void
  /** A page of older documents. Throws SyncErrors. */
  older(ask: OlderAsk): Promise<Older>
  /** Rejects with UnavailableError where the code cannot be loaded. */
  lanes(): Promise<SpaceLanes>
  /** Nothing is connected until each pause that was begun is ended; the app's is begun already. */
  pause(pause: Pause): void
  resume(pause: Pause): void
  /** A new connection, unless the server asked to wait. */
  reconnectNow(): void
  /** What is pending is sent now, unless the server asked to wait. */
  retryNow(): void
  /** Resolves when nothing runs any more. */
  close(): Promise<void>
}

export type Connect = (host: ConnectedHost) => Connected

/** How often a screen that is not there draws, in ms. */
const DRAWN_EVERY_MS = 16

/** `frames`: when the page draws. `transport`: in place of the world's. */
export function connect(
  { world, core, tap, holding, changed, noted, status }: ConnectedHost,
  frames: Frames = { next: (task) => void world.clock.after(DRAWN_EVERY_MS, task) },
  transport: Transport = world.transport as Transport,
): Connected {
  const { app, clock } = world
  let offsetMs = 0
  const served = createServedCore(core, () => tabs?.deposed())
  const sync = createSync(
    {
      ...world,
      transport,
      tap,
      copies: served,
      outbox: served,
      appVersion: app.version,
      canWait: (made) => 'name' in made && !!own(app.spaces, kindOf(made.space))?.canWait.includes(made.name),
    },
    {
      changed() {
        const { connection } = sync.state()
        tabs?.join(connection.name !== 'offline' || connection.pauses.every((pause) => pause === 'tab'))
        changed()
      },
      offset(ms) {
        offsetMs = ms
        core.setClockOffset(ms)
      },
      noted,
      lane(frame, text) {
        lanes.heard(frame)
        if (union.hasElsewhere(`${frame.space} ${frame.lane}`)) tabs?.handOn(text)
      },
    },
  )
  const union = unionOf(sync.want, sync.release)
  const report = () => reportOf(sync.state(), offsetMs, clock)
  const older = (ask: OlderAsk) => pageIn({ ...world, core: served, sync }, ask)
  const tabs =
    world.tabs &&
    createTabs(world.tabs, {
      ...world,
      takeLead: served.lead,
      report,
      reconnectNow: sync.reconnectNow,
      retryNow: sync.retryNow,
      async older(ask) {
        // Whoever leads since a moment ago is not connected yet.
        await tried(status())
        return older(ask)
      },
      lane(text) {
        let frame: ServerFrame | undefined
        try {
          frame = parseServerFrame(text)
        } catch {
          // Of a tab of another build.
        }
        if (frame?.t !== 'tick' && frame?.t !== 'lane') return
        sync.lanes.heard(frame)
        lanes.heard(frame)
      },
      lead: (isLeader) => (isLeader ? sync.resume('tab') : sync.pause('tab')),
      holding: () => holding,
      holds: union.set,
      told(report, saidMs) {
        const { notBeforeMs, because } = report
        // The clock of the device may jump until this tab leads.
        // It may have jumped since this was said, too: nobody stays away for longer than was left then.
        if (notBeforeMs && because) sync.stayAway(notBeforeMs - Math.max(clock.nowMs(), saidMs), because)
        core.setClockOffset(report.offsetMs)
        sync.attempted(new Map(report.attempts))
        changed()
      },
    })
  if (tabs) sync.pause('tab')
  function held(): void {
    union.set('', holding)
    tabs?.say()
  }
  const serverMs = () => clock.nowMs() + (tabs?.following?.offsetMs ?? offsetMs)
  const lanes = createSpaceLanes({ ...world, holding, held, serverMs, way: sync.lanes }, frames)
  return {
    report: () => tabs?.following ?? report(),
    isFollowing: () => tabs?.following !== undefined,
    state: sync.state,
    attempts: () => sync.state().sending.attempts,
    holds: union.has,
    held,
    say: () => tabs?.say(),
    older: tabs?.older ?? older,
    lanes: async () => lanes,
    pause: sync.pause,
    resume: sync.resume,
    reconnectNow: tabs?.reconnectNow ?? sync.reconnectNow,
    retryNow: tabs?.retryNow ?? sync.retryNow,
    close: sync.close,
  }
}

/** Resolves once this tab is not about to connect any more. */
async function tried(status$: Observable<Pick<Status, 'phase'>>): Promise<void> {
  const subscription = new Subscription()
  await new Promise<void>((resolve) => {
    const next = ({ phase }: Pick<Status, 'phase'>) => void (phase !== 'connecting' && phase !== 'greeting' && resolve())
    subscription.add(status$.subscribe({ next, complete: resolve }))
  })
  subscription.unsubscribe()
}
