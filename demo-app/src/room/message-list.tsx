import { useEffect, useRef } from 'react'
import { nameOf } from '../names/name-code.ts'
import { useWords } from '../words/words.ts'
import { MessageBubble } from './message-bubble.tsx'
import type { Bubble, Item } from './message-items.ts'
import './message-list.css'
import { OlderMessages } from './older-messages.tsx'
import { dayWords } from './time-words.ts'
import { useKeptPlace } from './use-kept-place.ts'
import type { Older } from './use-messages.ts'

/** So far from the oldest message the next older ones are asked for: a reader who scrolls up seldom meets the end. */
const OLDER_WITHIN = '800px 0px 0px 0px'

interface Props {
  readonly items: readonly Item[]
  /** Undefined while it is not known. */
  readonly older: Older | undefined
  readonly onOlder: () => Promise<void>
  /** Whether the reader stands at the newest message. */
  readonly onFollow: (atNewest: boolean) => void
  readonly onSendAgain: (bubble: Bubble) => Promise<void>
}

/** The log: newest at the bottom, stays where the reader is, and says so when something new is below. */
export function MessageList({ items, older, onOlder, onFollow, onSendAgain }: Props) {
  const words = useWords()
  const scroller = useRef<HTMLDivElement>(null)
  const log = useRef<HTMLOListElement>(null)
  const top = useRef<HTMLDivElement>(null)
  const { unseen, far, added, toBottom } = useKeptPlace(scroller, log, items, onFollow)
  const nowMs = Date.now()

  // biome-ignore lint/correctness/useExhaustiveDependencies: after each page the top is looked for again
  useEffect(() => {
    if (older !== 'more' || top.current === null) return
    const near = new IntersectionObserver(([entry]) => entry?.isIntersecting && void onOlder(), {
      root: scroller.current,
      rootMargin: OLDER_WITHIN,
    })
    near.observe(top.current)
    return () => near.disconnect()
  }, [items, older, onOlder])

  return (
    <div className="message-list">
      <div
        className="message-scroller"
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-label={words.room.messages}
        // Older messages are put in here, too: what is new is said below, and only that.
        aria-live="off"
      >
        <div className="message-top" ref={top}>
          <OlderMessages older={older} onRetry={onOlder} />
        </div>
        <ol className="message-log" ref={log}>
          {items.map((item) => {
            if (item.kind === 'message') return <MessageBubble key={item.key} bubble={item} onSendAgain={onSendAgain} />
            const unread = item.kind === 'unread'
            return (
              <li key={item.key} className="message-day" data-unread={unread || undefined}>
                <span>{unread ? words.room.unreadFromHere : dayWords(item.ms, nowMs, words)}</span>
              </li>
            )
          })}
        </ol>
      </div>
      <News added={added} />
      {(unseen > 0 || far) && (
        <button type="button" className="button message-pill" onClick={toBottom} aria-label={unseen > 0 ? undefined : words.room.toNewest}>
          {unseen > 0 && words.room.newMessages(unseen)}
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <path d="M6 2v8M2.5 6.5 6 10l3.5-3.5" />
          </svg>
        </button>
      )}
    </div>
  )
}

/** For screen readers: one message of somebody else in full, several as a number. */
function News({ added }: { readonly added: readonly Bubble[] }) {
  const words = useWords().room
  const [first, ...more] = added.filter(({ own }) => !own)
  const news = more.length > 0 ? words.newMessages(more.length + 1) : first && `${nameOf(first.author)}: ${first.text}`
  return (
    <p className="visually-hidden" role="status" data-testid="news">
      {news}
    </p>
  )
}
