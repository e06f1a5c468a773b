import type { Clock } from '@tidemark/shared'
import type { Network } from '../connection/hints.ts'
import type { LiveEvents, LiveSocket, Transport } from '../connection/transport.ts'
import { polledSocket, WAIT_S } from './polled-socket.ts'

/** After how long a WebSocket is tried again beside the polls, in ms: soon, as it may have been the server that was away; then ever later. */
export const TRY_AFTER_MS = 15_000
export const TRY_AFTER_MS_MAX = 300_000
/** From the trial's beginning to its `welcome`, in ms. */
const TRY_WITHIN_MS = 15_000

export interface PollTransportPorts {
  readonly request: Transport['request']
  /** Opens a WebSocket. */
  upgrade(events: LiveEvents): LiveSocket
  readonly network: Pick<Network, 'onChange'>
  readonly clock: Clock
  /** Polls lead nowhere, or are needed no more: the next connection is a WebSocket. */
  leave(): void
}

/**
 * Where WebSockets fail: the same frames over requests. Beside them a WebSocket is tried again, to its `welcome`, with a hello that follows
 * nothing; once one gets through, the polls send their client there as a server would, and what was under way heals as after any loss.
 */
export function pollTransport({ request, upgrade, network, clock, leave }: PollTransportPorts): Pick<Transport, 'connect'> {
  const pace = { waitS: WAIT_S }
  let tryAfterMs = TRY_AFTER_MS
  let tryAtMs: number | undefined

  return {
    connect(events) {
      let greeted = false
      let endTrials = () => {}
      const end = () => {
        endTrials()
        if (!greeted) leave()
      }
      const socket = polledSocket({ request, clock }, pace, {
        ...events,
        greeted(probe) {
          greeted = true
          endTrials = trials(probe, () => {
            leave()
            events.frame('{"t":"goaway","afterMs":[0,0]}')
          })
        },
        closed(code) {
          end()
          events.closed(code)
        },
      })
      return {
        send: (text) => socket.send(text),
        close() {
          socket.close()
          end()
        },
      }
    },
  }

  /** Tries at times, and at once on another network. Returns what ends it. */
  function trials(probe: () => string, succeeded: () => void): () => void {
    let cancel = () => {}
    let endTrial = () => {}
    const endHints = network.onChange(() => {
      pace.waitS = WAIT_S
      tryAfterMs = TRY_AFTER_MS
      attempt()
    })
    tryAtMs ??= clock.monotonicMs() + tryAfterMs
    wait()
    return () => {
      cancel()
      endTrial()
      endHints()
    }

    function attempt(): void {
      cancel()
      endTrial()
      tryAfterMs = Math.min(TRY_AFTER_MS_MAX, 2 * tryAfterMs)
      tryAtMs = clock.monotonicMs() + tryAfterMs
      let over = false
      const done = () => {
        over = true
        socket.close()
        cancel()
        endTrial = () => {}
      }
      endTrial = done
      const socket = upgrade({
        opened: () => socket.send(probe()),
        frame(text) {
          if (over) return
          done()
          if (text.startsWith('{"t":"welcome"')) succeeded()
          else wait()
        },
        closed() {
          if (over) return
          done()
          wait()
        },
      })
      cancel = clock.after(TRY_WITHIN_MS, () => {
        done()
        wait()
      })
    }

    function wait(): void {
      cancel = clock.after(Math.max(0, (tryAtMs ?? 0) - clock.monotonicMs()), attempt)
    }
  }
}
