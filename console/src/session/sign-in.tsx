import { type FormEvent, useEffect, useId, useState } from 'react'
import { RefusedAnswer } from '../ask/answer.ts'
import { fetchDevToken, offersDevSignIn } from './dev-sign-in.ts'
import { signIn } from './session.ts'
import './sign-in.css'

/** As a header may bear it. */
const TOKEN = /^[A-Za-z0-9._~+/=-]+$/

/** By a token of the app's own; where the server is one of development, under any name. */
export function SignIn() {
  const [isDev, setDev] = useState(false)
  useEffect(() => {
    let isOver = false
    void offersDevSignIn().then((offers) => !isOver && setDev(offers))
    return () => {
      isOver = true
    }
  }, [])

  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <svg className="sign-in-mark" viewBox="0 0 160 40" preserveAspectRatio="none" aria-hidden="true">
          <path className="sign-in-water" d="M0 20q20-5 40 0t40 0 40 0 40 0v20H0z" />
          <path className="sign-in-line" d="M0 20q20-5 40 0t40 0 40 0 40 0" />
        </svg>
        <h1>Tidemark console</h1>
        <p className="hint">For those who look after a show: lanes, held comments, people, words, and how the server stands.</p>
        {isDev && <DevForm />}
        <TokenForm first={!isDev} />
      </div>
    </main>
  )
}

function DevForm() {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string>()
  const field = useId()

  async function submit(event: FormEvent) {
    event.preventDefault()
    try {
      await fetchDevToken(name.trim())
      signIn({ how: 'dev', user: name.trim() })
    } catch (error) {
      setProblem(error instanceof RefusedAnswer ? error.message : 'The server cannot be reached. Try again.')
    }
  }

  return (
    <form className="sign-in-form" onSubmit={(event) => void submit(event)}>
      <label className="label" htmlFor={field}>
        Your name
      </label>
      <div className="sign-in-row">
        <input
          id={field}
          className="field"
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoComplete="username"
          required
        />
        <button type="submit" className="button primary">
          Sign in
        </button>
      </div>
      <p className={problem === undefined ? 'hint' : 'problem'} role={problem === undefined ? undefined : 'alert'}>
        {problem ?? 'This server runs with development sign-in: any name gets in, and its rules say what it may do.'}
      </p>
    </form>
  )
}

function TokenForm({ first }: { readonly first: boolean }) {
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string>()
  const field = useId()

  function submit(event: FormEvent) {
    event.preventDefault()
    const bare = token.trim().replace(/^Bearer +/i, '')
    if (TOKEN.test(bare)) signIn({ how: 'token', token: bare })
    else setProblem('This is no token: it has characters that no header takes.')
  }

  return (
    <form className="sign-in-form" onSubmit={submit}>
      <label className="label" htmlFor={field}>
        Token
      </label>
      <div className="sign-in-row">
        <input
          id={field}
          className="field mono"
          type="password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          autoComplete="off"
          spellCheck={false}
          required
        />
        <button type="submit" className={first ? 'button primary' : 'button'}>
          Use token
        </button>
      </div>
      <p className={problem === undefined ? 'hint' : 'problem'} role={problem === undefined ? undefined : 'alert'}>
        {problem ?? 'One that your app gives you. It stays in this tab, until the tab is closed or you sign out, and is in no address.'}
      </p>
    </form>
  )
}
