import { type Clock, newNonce, type Random, UnavailableError, within } from '@tidemark/shared'
import { createAlarm } from '../alarm.ts'
import { asSyncError } from '../as-sync-error.ts'
import type { Lifecycle } from '../connection/hints.ts'
import { PULL_WITHIN_MS } from '../connection/pull.ts'
import type { OlderAsk } from '../older.ts'
import type { Older } from '../replica-api.ts'
import { type Report, UNHEARD } from '../status.ts'
import { ABSENT, type LeadershipEvent, leadershipWakeAtMs, stepLeadership } from './leadership.ts'
import type { Locks } from './locks.ts'
import { type Holding, readMessage, type TabMessage, written } from './messages.ts'
import type { TabChannel } from './tab-channel.ts'

/** A tab of which nothing was heard for so long is gone, in ms: hidden ones speak once a minute or two. */
export const TAB_GONE_AFTER_MS = 200_000
/** How long a page of older documents may take by way of another tab, in ms. */
const OLDER_WITHIN_MS = 2 * PULL_WITHIN_MS

/** What the tabs of one replica share. */
export interface TabPorts {
  /** Of the lock: one a replica. */
  readonly name: string
  readonly locks: Locks
  /** The channel of that replica; `heard` is told what other tabs post. */
  open(heard: (text: unknown) => void): TabChannel
}

/** What a tab does by itself. */
export interface TabsHost {
  readonly clock: Clock
  readonly random: Random
  readonly lifecycle: Lifecycle
  /** Makes this tab the one that counts in the database; resolves with its number, higher than all before. */
  takeLead(): Promise<number>
  /** Connects for all tabs, or for none. */
  lead(isLeader: boolean): void
  /** What another tab holds; nothing where it is gone. */
  holds(tab: string, holding?: Holding): void
  /** What this tab holds. */
  holding(): Holding
  /** What is told of the connection, while this tab leads. */
  report(): Report
  /** What the leader tells. `saidMs`: when it did, by the clock of the device as it was then; 0 from a tab of an older build. */
  told(report: Report, saidMs: number): void
  older(ask: OlderAsk): Promise<Older>
  /** What the leader heard of a lane. */
  lane(frame: string): void
  reconnectNow(): void
  retryNow(): void
}

/** The tabs of one replica, as one of them sees them: one leads, which connects for all; the others show what it tells. */
export interface Tabs {
  /** What is told of the connection of another tab; undefined where this one leads, or would not connect. */
  readonly following: Report | undefined
  /** Whether this tab would connect. */
  join(isThere: boolean): void
  /** The database says that another tab leads. */
  deposed(): void
  /** Says what this tab has to say, where that has changed. */
  say(): void
  /** What came of a lane, to the tabs that this one is connected for. */
  handOn(frame: string): void
  /** A page of older documents, asked for by whoever is connected. Throws SyncErrors. */
  older(ask: OlderAsk): Promise<Older>
  /** A new connection, by whoever is connected. */
  reconnectNow(): void
  /** What is pending is sent now, by whoever is connected. */
  retryNow(): void
}

export function createTabs({ name, locks, open }: TabPorts, host: TabsHost): Tabs {
  const { clock, lifecycle } = host
  const tab = newNonce(host.random)
  let state = ABSENT
  /** The number of this tab while it leads and the database has it. */
  let own: number | undefined
  /** Of the leader that was heard last. */
  let heard = 0
  let told = UNHEARD
  let said = ''
  /** When each of the other tabs was heard last, while this one leads. */
  const others = new Map<string, number>()
  /** Pages that another tab is asked for. */
  const asks = new Map<number, { readonly ask: OlderAsk; readonly resolve: (page: Promise<Older>) => void }>()
  let asked = 0
  let channel: TabChannel | undefined
  let endHints = () => {}
  /** Ends the lock, or the request for it. */
  let letGo = () => {}
  const alarm = createAlarm(clock, () => {
    for (const [other, atMs] of others) if (atMs + TAB_GONE_AFTER_MS <= clock.monotonicMs()) gone(other)
    step({ type: 'time' })
  })

  function step(event: LeadershipEvent): void {
    const next = stepLeadership(state, event, clock.monotonicMs(), lifecycle.inFront())
    state = next.state
    for (const effect of next.effects) {
      if (effect === 'enter') enter()
      else if (effect === 'exit') exit()
      else if (effect === 'lead') void lead()
      else if (effect === 'follow') follow()
      else if (effect === 'ask') say(true)
      else request(effect === 'take')
    }
    alarm(Math.min(leadershipWakeAtMs(state), ...[...others.values()].map((atMs) => atMs + TAB_GONE_AFTER_MS)))
  }

  function enter(): void {
    channel = open(hear)
    endHints = lifecycle.onChange((event) => {
      if (event === 'show') step({ type: 'show' })
      say()
    })
  }

  function exit(): void {
    letGo()
    endHints()
    told = UNHEARD
    post({ t: 'gone', tab })
    channel?.close()
    channel = undefined
    for (const number of asks.keys()) answer(number, () => Promise.reject(new UnavailableError('this tab went offline: ask again')))
  }

  function request(steal: boolean): void {
    letGo()
    const waiting = new AbortController()
    let isOver = false
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    letGo = () => {
      isOver = true
      release()
      waiting.abort()
    }
    const tell = (type: 'granted' | 'lost') => {
      if (!isOver) step({ type })
    }
    const held = () => {
      tell('granted')
      return released
    }
    // Some throw at once.
    const lock = async () => locks.request(name, steal ? { steal } : { signal: waiting.signal }, held)
    void lock()
      .catch(() => {})
      .then(() => tell('lost'))
  }

  async function lead(): Promise<void> {
    const leading = state
    // Where the database has no number for it, one that no other tab has: two that lead do no harm, but one is to give way.
    const number = await host.takeLead().catch(() => heard + 1 - host.random.unit())
    if (state !== leading) return
    own = number
    host.lead(true)
    say(true)
    for (const number of asks.keys()) answer(number, host.older)
  }

  function follow(): void {
    own = undefined
    host.lead(false)
    for (const other of others.keys()) gone(other)
  }

  function gone(other: string): void {
    others.delete(other)
    host.holds(other)
  }

  /** Once each. */
  function answer(number: number, by: (ask: OlderAsk) => Promise<Older>): void {
    const asking = asks.get(number)
    asks.delete(number)
    asking?.resolve(by(asking.ask))
  }

  function post(message: TabMessage): void {
    channel?.post(written(message))
  }

  function say(again = false): void {
    // Whoever comes later asks.
    if (state.name === 'leader' && (own === undefined || (others.size === 0 && !again))) return
    const word: TabMessage =
      own === undefined
        ? { t: 'tab', tab, holds: host.holding() }
        : { t: 'lead', number: own, hidden: !lifecycle.inFront(), report: host.report() }
    const text = written(word)
    if (text === said && !again) return
    said = text
    channel?.post(word.t === 'lead' ? written({ ...word, saidMs: clock.nowMs() }) : text)
  }

  function hear(text: unknown): void {
    const message = readMessage(text)
    switch (message?.t) {
      case 'lead': {
        const { number, report, saidMs = 0 } = message
        // A tab of another build may say something else.
        if (!(number > 0 && report?.phase && report.spaces)) return
        if (own !== undefined && own < number) step({ type: 'lost' })
        // That one takes itself for the leader, and may not look into the database for long.
        else if (own !== undefined && own > number) say(true)
        // One that just begins to lead listens, too: the server may have asked the one before it to wait.
        told = report
        host.told(told, saidMs)
        if (state.name === 'leader') return
        const isAnother = number !== heard
        heard = number
        step({ type: 'heard', isHidden: message.hidden })
        if (!isAnother) return
        say(true)
        for (const [number, { ask }] of asks) post({ t: 'older', tab, number, ask })
        return
      }
      case 'tab':
        if (own === undefined) return
        others.set(message.tab, clock.monotonicMs())
        host.holds(message.tab, message.holds)
        step({ type: 'time' })
        say(true)
        return
      case 'gone':
        gone(message.tab)
        return
      case 'lane':
        if (own === undefined && typeof message.frame === 'string') host.lane(message.frame)
        return
      case 'reconnect':
        if (own !== undefined) host.reconnectNow()
        return
      case 'retry':
        if (own !== undefined) host.retryNow()
        return
      case 'older': {
        if (own === undefined) return
        const page = { t: 'page', tab: message.tab, number: message.number } as const
        void host.older(message.ask).then(
          (taken) => post({ ...page, page: taken }),
          (error: unknown) => post({ ...page, error: asSyncError(error) }),
        )
        return
      }
      case 'page':
        if (message.tab === tab) answer(message.number, async () => message.page ?? Promise.reject(message.error))
        return
      case undefined:
    }
  }

  async function older(ask: OlderAsk): Promise<Older> {
    if (state.name !== 'follower')
      return host.older(ask).catch((error) => {
        // The lead was lost meanwhile.
        if (state.name === 'follower') return older(ask)
        throw error
      })
    const number = ++asked
    const page = new Promise<Older>((resolve) => {
      asks.set(number, { ask, resolve })
      post({ t: 'older', tab, number, ask })
    })
    const tooLate = () => new UnavailableError('the tab that is connected does not answer: ask again')
    return within(clock, OLDER_WITHIN_MS, page, tooLate).finally(() => asks.delete(number))
  }

  return {
    get following() {
      return state.name === 'absent' || own !== undefined ? undefined : told
    },
    join: (isThere) => step({ type: isThere ? 'join' : 'leave' }),
    deposed() {
      // A step of an earlier lead says nothing of the one that begins.
      if (own !== undefined) step({ type: 'lost' })
    },
    say,
    handOn: (frame) => post({ t: 'lane', frame }),
    older,
    reconnectNow() {
      if (own === undefined) post({ t: 'reconnect' })
      else host.reconnectNow()
    },
    retryNow() {
      if (own === undefined) post({ t: 'retry' })
      else host.retryNow()
    },
  }
}
