import { type FormEvent, useId, useState } from 'react'
import { idOf, nameProblem, tidyName } from '../names/name-code.ts'
import { LanguageChoice } from '../settings/language-choice.tsx'
import { ThemeChoice } from '../settings/theme-choice.tsx'
import { useWords, type Words } from '../words/words.ts'
import { fetchToken, SignInRefusedError } from './fetch-token.ts'
import { isKnownUser, rememberUser } from './session.ts'
import './sign-in.css'
import { TideStaff } from './tide-staff.tsx'

type Problem = (words: Words) => string

export function SignIn() {
  const words = useWords()
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const field = useId()
  const hint = useId()
  const say = (inWords: Problem | undefined) => setProblem(() => inWords)

  async function signIn(event: FormEvent) {
    event.preventDefault()
    const tidy = tidyName(name)
    const wrong = nameProblem(tidy)
    say(wrong && ((said) => said.nameProblem[wrong]))
    if (wrong !== undefined) return
    const user = idOf(tidy)
    setBusy(true)
    try {
      await fetchToken(user)
      rememberUser(user)
    } catch (error) {
      if (error instanceof SignInRefusedError) say(({ signIn }) => refusal(signIn, error))
      else if (isKnownUser(user)) rememberUser(user)
      else say(({ signIn }) => signIn.unreachable)
      setBusy(false)
    }
  }

  return (
    <main className="sign-in">
      <TideStaff />
      <div className="sign-in-side">
        <form className="sign-in-card" onSubmit={(event) => void signIn(event)} noValidate>
          <h1>Tidemark</h1>
          <p>{words.signIn.pitch}</p>
          <label htmlFor={field}>{words.signIn.name}</label>
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
            {problem === undefined ? words.signIn.nameHint : problem(words)}
          </p>
          <button type="submit" className="button primary" disabled={busy}>
            {busy ? words.signIn.busy : words.signIn.submit}
          </button>
          <p className="hint sign-in-note">{words.signIn.note}</p>
        </form>
        <footer className="sign-in-foot">
          <LanguageChoice />
          <ThemeChoice />
        </footer>
      </div>
    </main>
  )
}

function refusal(signIn: Words['signIn'], { status, message }: SignInRefusedError): string {
  if (status === 404) return signIn.notOffered
  return message === '' ? signIn.refused(status) : message
}
