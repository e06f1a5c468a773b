import { useRef } from 'react'
import { nameOf } from '../names/name-code.ts'
import { useStatus } from '../replica/use-status.ts'
import { useWords } from '../words/words.ts'
import { forgetUser } from './session.ts'
import './sign-out.css'

/** The way out, which asks while something is not sent. What was written stays on the device under this name. */
export function SignOut({ user }: { readonly user: string }) {
  const words = useWords().signOut
  const { pending } = useStatus()
  const dialog = useRef<HTMLDialogElement>(null)

  return (
    <>
      <button type="button" className="button sign-out-button" onClick={() => (pending === 0 ? forgetUser() : dialog.current?.showModal())}>
        {words.go}
      </button>
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
    </>
  )
}
