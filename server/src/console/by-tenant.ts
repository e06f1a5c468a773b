/** Tenants that are counted each for itself; past them the one that was quiet for longest is forgotten. */
export const TENANTS_MAX = 1000

/** Something for each tenant that was heard of, within a bound. */
export class ByTenant<T> {
  readonly #make: () => T
  readonly #of = new Map<string, T>()

  constructor(make: () => T) {
    this.#make = make
  }

  get(tenant: string): T | undefined {
    return this.#of.get(tenant)
  }

  /** Of this tenant, which is now the last to be forgotten. */
  heard(tenant: string): T {
    const found = this.#of.get(tenant) ?? this.#make()
    this.#of.delete(tenant)
    this.#of.set(tenant, found)
    if (this.#of.size > TENANTS_MAX) for (const oldest of this.#of.keys()) return this.#forget(oldest, found)
    return found
  }

  entries(): Iterable<[string, T]> {
    return this.#of
  }

  #forget(tenant: string, found: T): T {
    this.#of.delete(tenant)
    return found
  }
}
