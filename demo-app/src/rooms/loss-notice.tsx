import { useStatus } from '@tidemark/client/react'
import { useWords } from '../words/words.ts'

/** What was written here and is gone with this device's storage, until whoever wrote it has seen that. */
export function LossNotice() {
  const words = useWords().storage
  const lost = useStatus(({ storage }) => storage.lost)
  if (lost === undefined) return null
  return (
    <section className="refused-notice" aria-label={words.lostLabel}>
      <p>{words.lost(lost.pending + lost.refused)}</p>
      <button type="button" className="button quiet" onClick={lost.dismiss}>
        {words.understood}
      </button>
    </section>
  )
}
