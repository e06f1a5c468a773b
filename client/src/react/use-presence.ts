import type { Presence } from '@tidemark/shared'
import type { Presence$ } from '../lanes/lane-api.ts'
import { useObservable } from './use-observable.ts'

/** Who is in a space whose kind tells it; undefined until the server has told. Followed while the component is mounted. */
export function usePresence(space: { readonly presence$: Presence$ }): Presence | undefined {
  return useObservable(space.presence$, undefined)
}
