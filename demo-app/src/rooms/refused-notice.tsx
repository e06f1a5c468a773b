import { useRefused } from '@tidemark/client/react'
import { nameOf } from '../names/name-code.ts'
import { RefusedActions } from '../room/refused-actions.tsx'
import { useWords } from '../words/words.ts'

/** What the server refused and no joined room shows: nothing refused goes unseen. */
export function RefusedNotice({ joined }: { readonly joined: readonly string[] }) {
  const words = useWords()
  const elsewhere = useRefused(({ space, name }) => name !== 'send' || !joined.some((room) => space === `room:${room}`))
  if (elsewhere.length === 0) return null
  return (
    <ul className="refused-notice" aria-label={words.list.refusedLabel}>
      {elsewhere.map((refused) => (
        <li key={refused.n}>
          <p>
            {nameOf(refused.space.slice(refused.space.indexOf(':') + 1))}: {words.refusal(refused.error)}
          </p>
          {typeof refused.args.text === 'string' && <p className="refused-notice-text">{refused.args.text}</p>}
          <RefusedActions refused={refused} />
        </li>
      ))}
    </ul>
  )
}
