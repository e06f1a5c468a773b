import { useEffect, useState } from 'react'
import { useReplica } from '../replica/hooks.ts'
import { useWords } from '../words/words.ts'

const NOTHING = { offeredAgain: 0, lost: 0 }

/** What a server that was put back to a backup had lost of this device's, until whoever wrote it has seen that. */
export function ResetNotice() {
  const words = useWords().reset
  const replica = useReplica()
  const [news, setNews] = useState(NOTHING)
  useEffect(() => {
    const told = replica.historyReset$.subscribe(({ offeredAgain, lost }) =>
      setNews((before) => ({ offeredAgain: before.offeredAgain + offeredAgain, lost: before.lost + lost })),
    )
    return () => told.unsubscribe()
  }, [replica])

  if (news.offeredAgain + news.lost === 0) return null
  return (
    <section className="refused-notice" data-calm={news.lost === 0 || undefined} aria-label={words.label}>
      <p>
        {words.text} {news.offeredAgain > 0 && words.offeredAgain(news.offeredAgain)} {news.lost > 0 && words.lost(news.lost)}
      </p>
      <button type="button" className="button quiet" onClick={() => setNews(NOTHING)}>
        {words.understood}
      </button>
    </section>
  )
}
