import { registerSW } from 'virtual:pwa-register'
import { useEffect, useRef, useState } from 'react'
import { useWords } from '../words/words.ts'
import './update-notice.css'

/** Keeps the page in this browser for the next start without a network, and offers a newer one when there is one. */
export function UpdateNotice() {
  const words = useWords().update
  const [ready, setReady] = useState(false)
  const update = useRef<(reload?: boolean) => Promise<void>>(undefined)

  useEffect(() => {
    update.current = registerSW({ onNeedRefresh: () => setReady(true) })
  }, [])

  if (!ready) return null
  return (
    <aside className="update-notice" role="status">
      <p>{words.text}</p>
      <button type="button" className="button primary" onClick={() => void update.current?.(true)}>
        {words.reload}
      </button>
      <button type="button" className="button quiet" onClick={() => setReady(false)}>
        {words.later}
      </button>
    </aside>
  )
}
