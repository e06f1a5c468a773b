/** Locks by name that all tabs of a device share: what is needed of the browser's. */
export interface Locks {
  /**
   * Runs `held` once the lock is there; it is held until what that returns resolves, or its tab dies. `steal`: at once, whoever has it.
   * Rejects when it is stolen, when `signal` aborts the wait, and where locks fail.
   */
  request(name: string, options: { readonly signal?: AbortSignal; readonly steal?: boolean }, held: () => Promise<void>): Promise<void>
}
