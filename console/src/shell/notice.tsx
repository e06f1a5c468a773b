import type { ReactNode } from 'react'
import './notice.css'

interface Props {
  readonly title: string
  readonly children: ReactNode
  readonly tone?: 'still' | 'stalled'
  readonly ways?: ReactNode
}

/** A whole page that says one thing. */
export function Notice({ title, children, tone = 'still', ways }: Props) {
  return (
    <main className={`notice notice-${tone}`}>
      <svg viewBox="0 0 120 72" aria-hidden="true">
        <path className="notice-post" d="M60 4v64M60 14h12M60 28h8M60 42h12M60 56h8" />
        <path className="notice-line" d="M0 50h50M70 50h50" />
      </svg>
      <h1>{title}</h1>
      <div role="alert">{children}</div>
      {ways !== undefined && <div className="row notice-ways">{ways}</div>}
    </main>
  )
}

/** Lines that stand where something will be. */
export function Skeleton({ label }: { readonly label: string }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{label}</span>
      <span />
      <span />
      <span />
    </div>
  )
}

/** Why what is shown is not of this moment; nothing where it is. */
export function Stale({ problem }: { readonly problem: Error | undefined }) {
  if (problem === undefined) return null
  return (
    <p className="stale" role="status">
      The server does not answer: {problem.message} What is shown is older; it is asked again.
    </p>
  )
}
