import type { Observable } from 'rxjs'

/** What a stream that replays the present tells now. */
export function presentOf<T>(stream$: Observable<T> | undefined): T | undefined {
  let present: T | undefined
  stream$
    ?.subscribe((value) => {
      present = value
    })
    .unsubscribe()
  return present
}
