import type { ReactNode } from 'react'
import './blank.css'

interface Props {
  readonly title: string
  readonly tone: 'empty' | 'absent' | 'closed'
  readonly children: ReactNode
}

/** Calm water, a dashed line, or a bar across it: the picture says it before the words. */
export function Blank({ title, tone, children }: Props) {
  return (
    <div className="blank" data-tone={tone} data-testid="blank">
      <svg viewBox="0 0 120 48" aria-hidden="true">
        <path d="M0 24q15-6 30 0t30 0 30 0 30 0" />
        <path className="blank-deep" d="M15 38q11-4 22 0t22 0 22 0 22 0" />
        {tone === 'closed' && <path className="blank-bar" d="M36 6l48 36" />}
      </svg>
      <h2>{title}</h2>
      <p>{children}</p>
    </div>
  )
}
