import { memo, useState } from 'react'
import { nameOf } from '../names/name-code.ts'
import { useWords } from '../words/words.ts'
import type { Bubble } from './message-items.ts'
import './message-bubble.css'
import { PendingActions } from './pending-actions.tsx'
import { RefusedActions } from './refused-actions.tsx'
import { StateMark } from './state-mark.tsx'
import { timeOf } from './time-words.ts'

interface Props {
  readonly bubble: Bubble
  readonly onSendAgain: (bubble: Bubble) => Promise<void>
}

/** One message. The time shows on hover and tap, and is always there for screen readers. */
export const MessageBubble = memo(function MessageBubble({ bubble, onSendAgain }: Props) {
  const words = useWords()
  const [timeShown, setTimeShown] = useState(false)
  const { text, sentAtMs, own, state, first, last, pending, stuck, refused } = bubble
  const author = nameOf(bubble.author)

  return (
    <li
      className="message"
      data-testid="message"
      data-id={bubble.id}
      data-state={state}
      data-own={own || undefined}
      data-first={first || undefined}
      data-last={last || undefined}
    >
      {first && !own && (
        <p className="message-author">
          <span className="message-monogram" aria-hidden="true">
            {[...author][0]?.toUpperCase()}
          </span>
          {author}
        </p>
      )}
      {!(first && !own) && <span className="visually-hidden">{own ? words.message.you : author}</span>}
      <div className="message-line">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: a tap only shows what screen readers have anyway */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: likewise */}
        <div className="message-bubble" dir="auto" onClick={() => setTimeShown((shown) => !shown)}>
          {text}
        </div>
        <span className="message-marks">
          <time className="message-time digits" data-shown={timeShown || undefined}>
            {timeOf(sentAtMs, words)}
          </time>
          {own && <StateMark state={state} sending={pending?.state === 'sent'} />}
        </span>
      </div>
      {pending && <PendingActions pending={pending} stuck={stuck} shown={timeShown} />}
      {refused !== undefined && (
        <div className="message-refusal">
          <p className="problem">{words.refusal(refused.error)}</p>
          <RefusedActions refused={refused} onSendAgain={() => onSendAgain(bubble)} />
        </div>
      )}
    </li>
  )
}, sameBubble)

/** Items are built anew with each change of the list; what shows the same is not rendered again. */
function sameBubble(a: Props, b: Props): boolean {
  return (
    a.onSendAgain === b.onSendAgain &&
    a.bubble.text === b.bubble.text &&
    a.bubble.author === b.bubble.author &&
    a.bubble.sentAtMs === b.bubble.sentAtMs &&
    a.bubble.state === b.bubble.state &&
    a.bubble.first === b.bubble.first &&
    a.bubble.last === b.bubble.last &&
    a.bubble.pending === b.bubble.pending &&
    a.bubble.stuck === b.bubble.stuck &&
    a.bubble.refused === b.bubble.refused
  )
}
