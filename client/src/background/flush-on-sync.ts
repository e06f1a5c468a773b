import type { App } from '@tidemark/shared'
import { onSync } from '../platform/background-sync.ts'
import { type FlushOptions, flushPending } from './flush-pending.ts'

/** In the app's service worker: sends what is pending whenever the browser wakes it, as `syncInBackground` of a page asked for. */
export function flushOnSync<A extends App>(options: FlushOptions<A>): void {
  onSync((user) => flushPending(options, user))
}
