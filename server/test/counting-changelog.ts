import type { Changelog, ReadTransaction } from '../src/changelog/changelog.ts'

/** A changelog that counts the calls of its reads by the name of the method; each waits until the event loop has gone round, as one in another process would. */
export function countingChangelog(changelog: Changelog): {
  readonly changelog: Changelog
  readonly counts: Map<keyof ReadTransaction, number>
} {
  const counts = new Map<keyof ReadTransaction, number>()
  const wrap = (tx: ReadTransaction): ReadTransaction =>
    new Proxy(tx, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== 'function') return member
        return async (...args: readonly unknown[]): Promise<unknown> => {
          const name = key as keyof ReadTransaction
          counts.set(name, (counts.get(name) ?? 0) + 1)
          await new Promise((resolve) => setImmediate(resolve))
          return member.apply(target, args)
        }
      },
    })
  return { changelog: { ...changelog, read: (tenant, work) => changelog.read(tenant, (tx) => work(wrap(tx))) }, counts }
}
