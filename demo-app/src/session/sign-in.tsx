import { type FormEvent, useId, useState } from 'react'
import { fetchToken, SignInRefusedError } from './fetch-token.ts'
import { NAME_RULE, nameProblem } from './name-rule.ts'
import { isKnownUser, rememberUser } from './session.ts'
import './sign-in.css'
import { TideStaff } from './tide-staff.tsx'

export function SignIn() {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const field = useId()
  const hint = useId()

  async function signIn(event: FormEvent) {
    event.preventDefault()
    const user = name.trim()
    const wrong = nameProblem(user)
    setProblem(wrong)
    if (wrong !== undefined) return
    setBusy(true)
    try {
      await fetchToken(user)
      rememberUser(user)
    } catch (error) {
      if (error instanceof SignInRefusedError) setProblem(error.message)
      else if (isKnownUser(user)) rememberUser(user)
      else setProblem('The server does not answer. Signing in here for the first time needs it.')
      setBusy(false)
    }
  }

  return (
    <main className="sign-in">
      <TideStaff />
      <form className="sign-in-card" onSubmit={(event) => void signIn(event)} noValidate>
        <h1>Tidemark</h1>
        <p>
          A chat that keeps working without a network. Each room is a list of numbered changes, and the water line shows how far your copy
          has come.
        </p>
        <label htmlFor={field}>Your name</label>
        <input
          id={field}
          className="field"
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoComplete="username"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          maxLength={64}
          aria-describedby={hint}
          aria-invalid={problem !== undefined}
          // biome-ignore lint/a11y/noAutofocus: the only field of a page that asks for nothing else
          autoFocus
        />
        <p id={hint} className={problem === undefined ? 'hint' : 'problem'} role={problem === undefined ? undefined : 'alert'}>
          {problem ?? NAME_RULE}
        </p>
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? 'Signing in' : 'Sign in'}
        </button>
        <p className="hint sign-in-note">Development sign-in: whoever writes a name here is that person. Your name stays on this device.</p>
      </form>
    </main>
  )
}
