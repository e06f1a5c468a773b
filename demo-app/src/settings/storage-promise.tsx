import { useStatus } from '@tidemark/client/react'
import { useState } from 'react'
import { useReplica } from '../replica/hooks.ts'
import { useWords } from '../words/words.ts'

/** Whether the browser promises to keep what is here, in words, and the way to ask for it. */
export function StoragePromise() {
  const words = useWords().settings
  const replica = useReplica()
  const persisted = useStatus(({ storage }) => storage.persisted)
  const [refused, setRefused] = useState(false)

  if (persisted === undefined) return null
  return (
    <section className="settings-storage" aria-label={words.storage}>
      <h2>{words.storage}</h2>
      <p className="hint">{persisted ? words.kept : words.notKept}</p>
      {!persisted && !refused && (
        <button type="button" className="button" onClick={() => void replica.persist().then((granted) => setRefused(!granted))}>
          {words.keep}
        </button>
      )}
      <p className="hint" role="status">
        {refused && words.keepRefused}
      </p>
    </section>
  )
}
