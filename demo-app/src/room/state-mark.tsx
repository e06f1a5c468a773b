import { useWords } from '../words/words.ts'
import type { MessageState } from './message-items.ts'
import './state-mark.css'

/** Hollow ring, tick or coral mark: told by shape and words, then by colour. */
export function StateMark({ state, sending = false }: { readonly state: MessageState; readonly sending?: boolean }) {
  const words = useWords().message[sending ? 'sending' : state]
  return (
    <svg className="state-mark" data-state={state} viewBox="0 0 14 14" role="img" aria-label={words}>
      <title>{words}</title>
      {state === 'pending' && <circle cx="7" cy="7" r="4.25" />}
      {state === 'confirmed' && <path d="M2.5 7.5 5.5 10.5 11.5 4" />}
      {state === 'refused' && (
        <>
          <circle cx="7" cy="7" r="6" className="state-mark-ground" />
          <path d="M7 3.800v3.700M7 9.900v.2" />
        </>
      )}
    </svg>
  )
}
