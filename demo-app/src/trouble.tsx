import { Component, type ReactNode } from 'react'
import { forgetUser } from './session/session.ts'
import './trouble.css'

/** What went wrong with the copy on this device, and what can be done. */
export function Trouble({ problem }: { readonly problem: string }) {
  return (
    <main className="trouble">
      <h1>The copy on this device does not open</h1>
      <p className="problem" role="alert">
        {problem}
      </p>
      <p>What you wrote is still on this device. Reloading often helps; closing other tabs of this page, too.</p>
      <button type="button" className="button primary" onClick={() => location.reload()}>
        Reload
      </button>
      <button type="button" className="button quiet" onClick={forgetUser}>
        Sign in as somebody else
      </button>
    </main>
  )
}

interface Props {
  readonly children: ReactNode
}

/** Shows trouble of whatever is inside, instead of an empty page. */
export class TroubleBoundary extends Component<Props, { readonly problem: string | undefined }> {
  override state: { readonly problem: string | undefined } = { problem: undefined }

  static getDerivedStateFromError(error: unknown): { readonly problem: string } {
    return { problem: error instanceof Error ? error.message : String(error) }
  }

  override render(): ReactNode {
    return this.state.problem === undefined ? this.props.children : <Trouble problem={this.state.problem} />
  }
}
