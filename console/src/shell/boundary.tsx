import { Component, type ReactNode } from 'react'
import { signOut } from '../session/session.ts'
import { Notice } from './notice.tsx'

/** Shows trouble of whatever is inside, instead of an empty page. */
export class Boundary extends Component<{ readonly children: ReactNode }, { readonly problem?: unknown }> {
  override state: { readonly problem?: unknown } = {}

  static getDerivedStateFromError(problem: unknown): { readonly problem: unknown } {
    return { problem }
  }

  override render(): ReactNode {
    const { problem } = this.state
    if (problem === undefined) return this.props.children
    const ways = (
      <>
        <button type="button" className="button primary" onClick={() => location.reload()}>
          Load again
        </button>
        <button type="button" className="button" onClick={signOut}>
          Sign out
        </button>
      </>
    )
    return (
      <Notice title="The console stopped" tone="stalled" ways={ways}>
        {problem instanceof Error ? problem.message : String(problem)} Nothing that was done is lost.
      </Notice>
    )
  }
}
