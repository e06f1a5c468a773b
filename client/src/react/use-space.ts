import type { App, KindOfId, SpaceIdOf } from '@tidemark/shared'
import { useCallback, useSyncExternalStore } from 'react'
import { hasPage } from '../platform/has-page.ts'
import type { Space } from '../replica-api.ts'
import { spacesOf } from './page.ts'
import { useReplica } from './replica-context.ts'

/**
 * The space, at once; followed while a component that asks for it is mounted, and 5 s longer. All that ask for the same share one: it is
 * theirs, do not close it. Throws what `replica.space` throws.
 */
export function useSpace<A extends App, Id extends SpaceIdOf<A> & string>(id: Id): Space<A, KindOfId<A, Id>> {
  const replica = useReplica<A>()
  const open = useCallback(() => replica.space(id), [replica, id])
  const hold = useCallback(() => spacesOf(replica).hold(id, open).release, [replica, id, open])
  const get = () => spacesOf(replica).get(id, open) as ReturnType<typeof open>
  return useSyncExternalStore(hold, get, hasPage ? get : () => unfollowed(open()))
}

/** A server that renders asks questions of it, and follows nothing. */
function unfollowed<S extends { close(): void }>(space: S): S {
  space.close()
  return space
}
