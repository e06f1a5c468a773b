import type { Refusal } from './answers.ts'
import { ByTenant } from './by-tenant.ts'

/** Refusals that are kept of one tenant; past them the oldest goes. */
export const REFUSALS_KEPT = 500
/** Characters of a message that are kept. */
const MESSAGE_CHARACTERS_MAX = 200

/** What was refused of late, for who looks after it. */
export class Refusals {
  readonly #tenants = new ByTenant<Refusal[]>(() => [])

  add(tenant: string, refusal: Refusal): void {
    const kept = this.#tenants.heard(tenant)
    kept.push({ ...refusal, message: refusal.message.slice(0, MESSAGE_CHARACTERS_MAX) })
    if (kept.length > REFUSALS_KEPT) kept.shift()
  }

  /** The newest first. */
  of(tenant: string): readonly Refusal[] {
    return (this.#tenants.get(tenant) ?? []).toReversed()
  }
}
