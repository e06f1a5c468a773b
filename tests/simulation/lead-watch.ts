import type { DeviceTab, ReplicaStorage, Transport } from '@tidemark/client/testing'
import type { Clock } from '@tidemark/shared'

/** Whether a client's frame begins a socket that finds out how long one may be silent. */
export function isProbe(text: string): boolean {
  return text.startsWith('{"t":"hello"') && text.includes('"probe":true')
}

/** Between tabs; of a leader. */
type Word =
  | { readonly t: 'lead'; readonly number: number; readonly saidMs: number; readonly report: { readonly notBeforeMs?: number } }
  | { readonly t: 'tab' }

interface SelfRow {
  readonly lead?: number
}

/**
 * Watches the tabs of one device that share a connection: what only a leader does is done by the last one that took the lead, also
 * while several believe to lead; and at rest one of them is connected.
 */
export class LeadWatch {
  /** By connection, the tab that has it. */
  readonly #open = new Map<object, string>()
  /** By tab, the number under which it led last; Infinity where it could not save that. */
  readonly #numbers = new Map<string, number>()
  readonly #fail: (message: string) => void

  constructor(fail: (message: string) => void) {
    this.#fail = fail
  }

  isConnected(tab: string): boolean {
    return [...this.#open.values()].includes(tab)
  }

  transport(tab: string, transport: Transport): Transport {
    return {
      ...transport,
      connect: (events) => {
        const key = {}
        this.#open.set(key, tab)
        const over = () => this.#open.delete(key)
        const socket = transport.connect({
          ...events,
          closed(code) {
            over()
            events.closed(code)
          },
        })
        return {
          endpoint: socket.endpoint,
          send(text) {
            // It follows nothing, and is no connection of a leader.
            if (isProbe(text)) over()
            socket.send(text)
          },
          close() {
            over()
            socket.close()
          },
        }
      },
    }
  }

  /** `heardOf` is told for how long a tab waits that this one follows from then on, as far as it says so, in ms. */
  ports(tab: string, ports: DeviceTab['ports'], clock: Clock, heardOf: (awayMs: number) => void): DeviceTab['ports'] {
    return {
      ...ports,
      open: (heard) => {
        const channel = ports.open((text) => {
          const word = JSON.parse(text as string) as Word
          if (word.t === 'lead' && word.number > (this.#numbers.get(tab) ?? 0) && word.report.notBeforeMs !== undefined)
            heardOf(word.report.notBeforeMs - Math.max(clock.nowMs(), word.saidMs))
          heard(text)
        })
        return {
          post: (text) => {
            // One that could not save it says a number all the same.
            const word = JSON.parse(text as string) as Word
            if (word.t === 'lead') this.#numbers.set(tab, Math.max(word.number, this.#numbers.get(tab) ?? 0))
            channel.post(text)
          },
          close: () => channel.close(),
        }
      },
    }
  }

  storage(tab: string, storage: ReplicaStorage): ReplicaStorage {
    /** The number under which this tab leads or led; undefined where it never did, or could not save it. */
    let own: number | undefined
    return {
      ...storage,
      write: async (tables, durability, work) => {
        let taken: number | undefined
        try {
          return await storage.write(tables, durability, async (tx) => {
            const done = await work(tx)
            const { lead } = ((await tx.get('self', 'self')) ?? {}) as SelfRow
            const puts = (table: string) => done.writes.flatMap((write) => (write.table === table && 'put' in write ? write.put : []))
            const next = (puts('self')[0] as SelfRow | undefined)?.lead
            if (next !== undefined && next !== lead) {
              own = taken = next
              this.#numbers.set(tab, next)
            } else if (puts('tail').length > 0 && own !== undefined && own !== lead)
              this.#fail(`${tab} settles as number ${own}, and number ${lead} leads`)
            return done
          })
        } catch (error) {
          if (taken !== undefined) {
            own = undefined
            this.#numbers.set(tab, Number.POSITIVE_INFINITY)
          }
          throw error
        }
      },
    }
  }
}
