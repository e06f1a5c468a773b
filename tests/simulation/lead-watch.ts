import type { DeviceTab, ReplicaStorage, Transport } from '@tidemark/client/testing'
import type { Clock } from '@tidemark/shared'

/** Whether a client's frame begins a socket that finds out how long one may be silent. */
export function isProbe(text: string): boolean {
  return text.startsWith('{"t":"hello"') && text.includes('"probe":true')
}

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
      open: (heard) =>
        ports.open((text) => {
          const { t, number, report } = JSON.parse(text as string) as { t: string; number: number; report: { notBeforeMs?: number } }
          if (t === 'lead' && number > (this.#numbers.get(tab) ?? 0) && report.notBeforeMs !== undefined)
            heardOf(report.notBeforeMs - clock.nowMs())
          heard(text)
        }),
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
