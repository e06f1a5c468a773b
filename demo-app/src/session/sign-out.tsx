import { useRef } from 'react'
import { useStatus } from '../replica/use-status.ts'
import { forgetUser } from './session.ts'
import './sign-out.css'

/** Who is signed in, and the way out. What was written stays on the device under this name. */
export function SignOut({ user }: { readonly user: string }) {
  const { pending } = useStatus()
  const dialog = useRef<HTMLDialogElement>(null)

  return (
    <>
      <button type="button" className="button quiet" onClick={() => (pending === 0 ? forgetUser() : dialog.current?.showModal())}>
        <span className="sign-out-user">{user}</span>
        <span>Sign out</span>
      </button>
      <dialog ref={dialog} className="sign-out" aria-labelledby="sign-out-title">
        <h2 id="sign-out-title">Sign out now?</h2>
        <p>
          {pending === 1 ? '1 change has' : `${pending} changes have`} not reached the server. They stay on this device and are sent when{' '}
          {user} signs in here again.
        </p>
        <form method="dialog" className="sign-out-choices">
          <button type="submit" className="button">
            Stay
          </button>
          <button type="button" className="button destructive" onClick={forgetUser}>
            Sign out
          </button>
        </form>
      </dialog>
    </>
  )
}
