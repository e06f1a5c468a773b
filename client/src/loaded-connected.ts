import { type SyncError, UnavailableError } from '@tidemark/shared'
import { backoffMs } from './backoff.ts'
import type { Connect, Connected } from './connected.ts'
import type { Pause } from './connection/connection.ts'
import { NO_ATTEMPTS } from './outbox/attempts.ts'
import { type Report, UNHEARD } from './status.ts'

/** From one try to load it to the next, at most, in ms. */
export const LOAD_BACKOFF_MAX_MS = 300_000

/**
 * What connects, when its code is loaded only now: reading and writing here need none of it. What cannot be loaded counts as a server
 * that cannot be reached; it is tried again, sooner where the device says that something changed. Nothing is kept back for it
 * meanwhile: what is to be sent is in the storage, as it is for any page that opens.
 */
export function loadedConnected(load: () => Promise<Connect>): Connect {
  return (host) => {
    const { clock, random, network, lifecycle } = host.world
    let connected: Connected | undefined
    let loading: Promise<void> | undefined
    let isClosed = false
    let attempt = 0
    let failed: { readonly because: SyncError; readonly retryAtMs: number } | undefined
    let cancel = () => {}
    const pauses = new Set<Pause>(['app'])

    async function begin(): Promise<void> {
      attempt++
      try {
        const connect = await load()
        if (isClosed) return
        connected = connect(host)
        end()
        connected.held()
        for (const pause of pauses) connected.pause(pause)
        if (!pauses.has('app')) connected.resume('app')
      } catch (cause) {
        if (isClosed) return
        const because = new UnavailableError('what connects this page cannot be loaded: reload it where there is a network', { cause })
        const afterMs = backoffMs(attempt, random.unit(), LOAD_BACKOFF_MAX_MS)
        failed = { because, retryAtMs: clock.nowMs() + afterMs }
        cancel = clock.after(afterMs, tryNow)
      }
      host.changed()
    }
    function tryNow(): Promise<void> {
      cancel()
      loading ??= begin().finally(() => {
        loading = undefined
      })
      return loading
    }
    const set = (how: 'pause' | 'resume') => (pause: Pause) => {
      if (connected) return connected[how](pause)
      if (how === 'pause') pauses.add(pause)
      else pauses.delete(pause)
      host.changed()
    }
    const again = () => {
      if (failed && !connected) void tryNow()
    }
    const endHints = [
      network.onChange(again),
      lifecycle.onChange((event) => {
        // A page that is left must not be connected by what comes late.
        set(event === 'hide' ? 'pause' : 'resume')('page')
        if (event === 'show') again()
      }),
    ]
    function end(): void {
      cancel()
      for (const end of endHints) end()
    }
    function report(): Report {
      if (pauses.size > 0) return { ...UNHEARD, phase: 'offline', pauses: [...pauses] }
      return failed ? { ...UNHEARD, phase: 'waiting', ...failed } : UNHEARD
    }
    async function need(): Promise<Connected> {
      if (!connected) await tryNow()
      if (connected) return connected
      throw failed?.because ?? new UnavailableError('this replica was closed')
    }
    void tryNow()
    return {
      report: () => connected?.report() ?? report(),
      isFollowing: () => !!connected?.isFollowing(),
      state: () => connected?.state(),
      attempts: () => connected?.attempts() ?? NO_ATTEMPTS,
      holds: (space) => connected?.holds(space) ?? space in host.holding,
      held: () => connected?.held(),
      say: () => connected?.say(),
      older: async (ask) => (await need()).older(ask),
      lanes: async () => (await need()).lanes(),
      pause: set('pause'),
      resume: set('resume'),
      reconnectNow: () => (connected ? connected.reconnectNow() : void tryNow()),
      retryNow: () => (connected ? connected.retryNow() : void tryNow()),
      async close() {
        isClosed = true
        end()
        await connected?.close()
      },
    }
  }
}
