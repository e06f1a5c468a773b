import type { Changelog, WriteTransaction } from '../src/changelog/changelog.ts'

/** A changelog whose write transactions fail at one method, for some of its calls. */
export function faultyChangelog(
  changelog: Changelog,
  method: keyof WriteTransaction,
  fails: (...args: readonly unknown[]) => boolean,
): Changelog {
  const wrap = (tx: WriteTransaction): WriteTransaction =>
    new Proxy(tx, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== 'function') return member
        return (...args: readonly unknown[]): unknown => {
          if (key === method && fails(...args)) return Promise.reject(new Error('a fault of the engine'))
          return member.apply(target, args)
        }
      },
    })
  return { ...changelog, write: (work) => changelog.write((tenant) => work((name) => wrap(tenant(name)))) }
}
