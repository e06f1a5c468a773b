import type { Bus, Hint } from './bus.ts'

/** Hints within one process, told at once and in the order of `publish`. A listener that throws keeps none from the others. */
export function inProcessBus(onListenerError?: (error: unknown) => void): Bus {
  const listeners = new Set<(hint: Hint) => void>()
  return {
    publish(hint) {
      for (const listener of [...listeners]) {
        try {
          listener(hint)
        } catch (error) {
          onListenerError?.(error)
        }
      }
    },
    subscribe(listener) {
      // A wrapper of its own, so that one listener that subscribes twice has two subscriptions to end.
      const subscription = (hint: Hint): void => listener(hint)
      listeners.add(subscription)
      return () => {
        listeners.delete(subscription)
      }
    },
  }
}
