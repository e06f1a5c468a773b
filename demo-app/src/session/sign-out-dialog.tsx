import type { RefObject } from 'react'
import { nameOf } from '../names/name-code.ts'
import { useWords } from '../words/words.ts'
import { forgetUser } from './session.ts'
import './sign-out-dialog.css'

interface Props {
  readonly dialog: RefObject<HTMLDialogElement | null>
  readonly user: string
  /** Changes that the server has not answered for. */
  readonly pending: number
}

/** Asks before the way out while something is not sent. What was written stays on the device under this name. */
export function SignOutDialog({ dialog, user, pending }: Props) {
  const words = useWords().signOut
  return (
    <dialog ref={dialog} className="sign-out" aria-labelledby="sign-out-title">
      <h2 id="sign-out-title">{words.title}</h2>
      <p>{words.text(pending, nameOf(user))}</p>
      <form method="dialog" className="sign-out-choices">
        <button type="submit" className="button">
          {words.stay}
        </button>
        <button type="button" className="button destructive" onClick={forgetUser}>
          {words.go}
        </button>
      </form>
    </dialog>
  )
}
