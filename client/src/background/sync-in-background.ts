import type { Observable } from 'rxjs'
import type { Lifecycle } from '../connection/hints.ts'
import { syncRequests } from '../platform/background-sync.ts'
import { pageLifecycle } from '../platform/page-hints.ts'
import type { Status } from '../replica-api.ts'

/** What is needed of a replica. */
interface Watched {
  readonly user: string
  readonly status$: Observable<Pick<Status, 'phase' | 'pending' | 'pauses'>>
}

/**
 * In a page: asks the browser to wake the service worker, where something is pending and the server cannot be reached or the page
 * may go. It does nothing where the browser has no Background Sync, or the app is switched offline. The returned function ends it; it
 * ends with the replica, too.
 */
export function syncInBackground({ user, status$ }: Watched, lifecycle: Lifecycle = pageLifecycle): () => void {
  const ask = syncRequests(user)
  let isPending = false
  let isAsked = false
  const subscription = status$.subscribe(({ phase, pending, pauses }) => {
    isPending = pending > 0 && !pauses?.includes('app')
    if (isPending && !isAsked && phase === 'waiting') ask()
    isAsked = isPending && (isAsked || phase === 'waiting')
  })
  subscription.add(
    lifecycle.onChange((event) => {
      if (isPending && (event === 'hide' || event === 'back')) ask()
    }),
  )
  return () => subscription.unsubscribe()
}
