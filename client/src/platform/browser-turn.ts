import type { Turn } from '../connection/tokens.ts'

/** One at a time under that name over all tabs; at once where the browser has no locks. */
export function browserTurn(name: string): Turn {
  const locks = globalThis.navigator?.locks as LockManager | undefined
  return (work) => (locks ? locks.request(name, work) : work())
}
