import { useEffect, useRef, useState } from 'react'
import { MessageBubble } from './message-bubble.tsx'
import type { Bubble, Item } from './message-items.ts'
import './message-list.css'
import { dayWords } from './time-words.ts'
import { useKeptPlace } from './use-kept-place.ts'

interface Props {
  readonly items: readonly Item[]
  readonly hasEarlier: boolean
  readonly onEarlier: () => Promise<void>
  /** Whether the reader stands at the newest message. */
  readonly onFollow: (atNewest: boolean) => void
  readonly onSendAgain: (bubble: Bubble) => Promise<void>
}

/** The log: newest at the bottom, stays where the reader is, and says so when something new is below. */
export function MessageList({ items, hasEarlier, onEarlier, onFollow, onSendAgain }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const log = useRef<HTMLOListElement>(null)
  const { unseen, toBottom } = useKeptPlace(scroller, log, items, onFollow)
  const nowMs = Date.now()

  // A reader of the screen hears what is added later, not the whole log when it opens.
  const [live, setLive] = useState<'off' | 'polite'>('off')
  useEffect(() => setLive('polite'), [])

  return (
    <div className="message-list">
      <div
        className="message-scroller"
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-label="Messages"
        aria-live={live}
        aria-relevant="additions"
      >
        {hasEarlier && (
          <button type="button" className="button quiet message-earlier" onClick={() => void onEarlier()}>
            Show earlier
          </button>
        )}
        <ol className="message-log" ref={log}>
          {items.map((item) =>
            item.kind === 'day' ? (
              <li key={item.key} className="message-day">
                <span>{dayWords(item.ms, nowMs)}</span>
              </li>
            ) : (
              <MessageBubble key={item.key} bubble={item} onSendAgain={onSendAgain} />
            ),
          )}
        </ol>
      </div>
      {unseen > 0 && (
        <button type="button" className="button message-pill" onClick={toBottom}>
          {unseen === 1 ? '1 new message' : `${unseen} new messages`}
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <path d="M6 2v8M2.5 6.5 6 10l3.5-3.5" />
          </svg>
        </button>
      )}
    </div>
  )
}
