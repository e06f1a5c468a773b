import { newNode, type Scheduler } from './scheduler.ts'

type Task = (...args: unknown[]) => void

/**
 * Runs `work` while every `setImmediate` and `setTimeout` of this process is a task of the virtual clock that `onto` names:
 * fake-indexeddb and Dexie reach for the globals. Their tasks keep their order, take `taskMs` each, and never die; tabs die on top of them.
 */
export async function withVirtualTasks<T>(taskMs: number, work: (onto: (scheduler: Scheduler) => void) => Promise<T>): Promise<T> {
  const real = { setImmediate: globalThis.setImmediate, setTimeout: globalThis.setTimeout }
  const node = newNode('engine')
  try {
    return await work((scheduler) => {
      const virtual = {
        setImmediate: (task: Task, ...args: unknown[]) => scheduler.at(node, taskMs, 'task', () => task(...args)),
        setTimeout: (task: Task, ms = 0, ...args: unknown[]) => scheduler.at(node, ms, 'timer', () => task(...args)),
      }
      Object.assign(globalThis, virtual)
    })
  } finally {
    Object.assign(globalThis, real)
  }
}
