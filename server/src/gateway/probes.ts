import type { Connection } from './connection.ts'

/** Connections that only look how long a path stays open [B12]: one a device. The newest counts, for the one before it may be dead and not know it. */
export class Probes {
  readonly #of = new Map<string, Connection>()

  /** Returns the one whose place it takes. `device`: tenant, user and client id. */
  add(device: string, probe: Connection): Connection | undefined {
    const before = this.#of.get(device)
    this.#of.set(device, probe)
    return before
  }

  remove(device: string, probe: Connection): void {
    if (this.#of.get(device) === probe) this.#of.delete(device)
  }
}
