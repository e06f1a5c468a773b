import type { LaneItem } from '@tidemark/shared'
import { useEffect, useRef } from 'react'
import type { Comment } from '../../live.ts'
import { nameOf } from '../names/name-code.ts'
import { useWords } from '../words/words.ts'
import './comment-list.css'

interface Props {
  readonly items: readonly LaneItem<Comment>[]
  readonly user: string
}

/** The newest comments, standing still: for who wants no flight, and for whoever reads with another sense. */
export function CommentList({ items, user }: Props) {
  const words = useWords()
  const list = useRef<HTMLOListElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: down to the newest with each that comes
  useEffect(() => {
    const element = list.current
    if (element !== null) element.scrollTop = element.scrollHeight
  }, [items])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to reach it
    <ol ref={list} className="comment-list" aria-label={words.stage.newest} tabIndex={0}>
      {items.map(({ id, by, body, count = 1 }) => (
        <li key={`${by} ${id}`} data-own={by === user || undefined} data-color={body.color}>
          <span className="comment-list-author">{by === user ? words.list.you : nameOf(by)}</span> <span>{body.text}</span>
          {count > 1 && <span className="digits"> ×{count}</span>}
        </li>
      ))}
    </ol>
  )
}
