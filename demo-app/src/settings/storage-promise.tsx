import { useEffect, useState } from 'react'
import { useWords } from '../words/words.ts'

/** Whether the browser promises to keep what is here, in words, and the way to ask for it. */
export function StoragePromise() {
  const words = useWords().settings
  const [kept, setKept] = useState<boolean>()
  const [refused, setRefused] = useState(false)
  useEffect(() => void navigator.storage?.persisted?.().then(setKept), [])

  async function ask() {
    const granted = await navigator.storage.persist()
    setKept(granted)
    setRefused(!granted)
  }

  if (kept === undefined) return null
  return (
    <section className="settings-storage" aria-label={words.storage}>
      <h2>{words.storage}</h2>
      <p className="hint">{kept ? words.kept : words.notKept}</p>
      {!kept && !refused && (
        <button type="button" className="button" onClick={() => void ask()}>
          {words.keep}
        </button>
      )}
      <p className="hint" role="status">
        {refused && words.keepRefused}
      </p>
    </section>
  )
}
