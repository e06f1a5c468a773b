import { useRefused } from '../replica/use-status.ts'
import { refusalWords } from '../room/refusal-words.ts'
import { RefusedActions } from '../room/refused-actions.tsx'

/** What the server refused and no joined room shows: nothing refused goes unseen. */
export function RefusedNotice({ joined }: { readonly joined: readonly string[] }) {
  const elsewhere = useRefused().filter(({ space, name }) => name !== 'send' || !joined.some((room) => space === `room:${room}`))
  if (elsewhere.length === 0) return null
  return (
    <ul className="refused-notice" aria-label="Refused by the server">
      {elsewhere.map((refused) => (
        <li key={refused.n}>
          <p>
            {refused.space}: {refusalWords(refused.error)}
          </p>
          <RefusedActions refused={refused} />
        </li>
      ))}
    </ul>
  )
}
