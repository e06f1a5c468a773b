import { Component, type ReactNode } from 'react'
import { NoStorageError } from './replica/open-demo-replica.ts'
import { forgetUser } from './session/session.ts'
import './trouble.css'
import { useWords } from './words/words.ts'

/** What went wrong with the copy on this device, and what can be done. */
export function Trouble({ problem }: { readonly problem: unknown }) {
  const { trouble, problem: inWords } = useWords()
  const noStorage = problem instanceof NoStorageError
  return (
    <main className="trouble">
      <svg viewBox="0 0 120 72" aria-hidden="true">
        <path className="trouble-post" d="M60 4v64" />
        <path className="trouble-post" d="M60 14h12M60 28h8M60 42h12M60 56h8" />
        <path className="trouble-line" d="M0 50h50M70 50h50" />
      </svg>
      <h1>{noStorage ? trouble.noStorageTitle : trouble.title}</h1>
      <p>{noStorage ? trouble.noStorageText : trouble.text}</p>
      <p className="trouble-details" role="alert">
        <strong>{trouble.details}</strong>
        {inWords(problem)}
      </p>
      <div className="trouble-ways">
        <button type="button" className="button primary" onClick={() => location.reload()}>
          {trouble.reload}
        </button>
        <button type="button" className="button quiet" onClick={forgetUser}>
          {trouble.other}
        </button>
      </div>
    </main>
  )
}

interface Props {
  readonly children: ReactNode
}

/** Shows trouble of whatever is inside, instead of an empty page. */
export class TroubleBoundary extends Component<Props, { readonly problem?: unknown }> {
  override state: { readonly problem?: unknown } = {}

  static getDerivedStateFromError(problem: unknown): { readonly problem: unknown } {
    return { problem }
  }

  override render(): ReactNode {
    return 'problem' in this.state ? <Trouble problem={this.state.problem} /> : this.props.children
  }
}
