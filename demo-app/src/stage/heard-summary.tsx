import type { Lane } from '@tidemark/client'
import { useEffect, useState } from 'react'
import type { Comment } from '../../live.ts'
import { useWords } from '../words/words.ts'

/** A crowd is told in one sentence now and then, in ms: who listens could not follow each comment. */
const TOLD_EVERY_MS = 15_000

/** What was said lately, for screen readers. */
export function HeardSummary({ items$ }: { readonly items$: Lane<Comment>['items$'] }) {
  const words = useWords().stage
  const [lately, setLately] = useState<{ readonly count: number; readonly last: string }>()
  useEffect(() => {
    let count = 0
    let last = ''
    const following = items$.subscribe(({ items, cut }) => {
      for (const { body, count: times = 1 } of items) {
        count += times
        last = body.text
      }
      count += cut
    })
    const telling = setInterval(() => {
      setLately(count === 0 ? undefined : { count, last })
      count = 0
    }, TOLD_EVERY_MS)
    return () => {
      following.unsubscribe()
      clearInterval(telling)
    }
  }, [items$])
  return (
    <p className="visually-hidden" role="status" data-testid="heard">
      {lately !== undefined && words.heard(lately.count, lately.last)}
    </p>
  )
}
