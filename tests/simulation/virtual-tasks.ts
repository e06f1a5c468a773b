import { newNode, type Scheduler } from './scheduler.ts'

/**
 * Runs `work` while every `setImmediate` and `setTimeout` of this process is a task of the virtual clock that `onto` names:
 * fake-indexeddb and Dexie reach for the globals. Their own queue never dies and keeps its order; tabs die on top of it.
 */
export async function withVirtualTasks<T>(work: (onto: (scheduler: Scheduler) => void) => Promise<T>): Promise<T> {
  const real = { setImmediate: globalThis.setImmediate, setTimeout: globalThis.setTimeout }
  const node = newNode('engine')
  try {
    return await work((scheduler) => {
      const later = (label: string) =>
        ((task: (...args: unknown[]) => void, ms: unknown, ...args: unknown[]) =>
          scheduler.at(node, label === 'timer' ? Number(ms ?? 0) : 0, label, () =>
            task(...(label === 'timer' ? args : [ms, ...args])),
          )) as never
      globalThis.setImmediate = later('task')
      globalThis.setTimeout = later('timer')
    })
  } finally {
    Object.assign(globalThis, real)
  }
}
