import { type FormEvent, useId, useState } from 'react'
import { type NameProblem, nameProblem, tidyName } from '../names/name-code.ts'
import { useWords } from '../words/words.ts'

/** A room needs no creation: who joins the name first is its first guest. `onJoin` is given a tidy name, in lower case. */
export function JoinRoom({ onJoin }: { readonly onJoin: (name: string) => Promise<void> }) {
  const words = useWords()
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<NameProblem>()
  const field = useId()
  const hint = useId()

  async function join(event: FormEvent) {
    event.preventDefault()
    const tidy = tidyName(name.toLowerCase())
    const wrong = nameProblem(tidy)
    setProblem(wrong)
    if (wrong !== undefined) return
    await onJoin(tidy)
    // Whoever types the next name meanwhile keeps it.
    setName((now) => (now === name ? '' : now))
  }

  return (
    <form className="join-room" onSubmit={(event) => void join(event)} noValidate>
      <label htmlFor={field} className="visually-hidden">
        {words.list.joinField}
      </label>
      <input
        id={field}
        className="field"
        placeholder={words.list.joinHint}
        value={name}
        onChange={(event) => {
          setName(event.target.value)
          setProblem(undefined)
        }}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        aria-describedby={problem === undefined ? undefined : hint}
        aria-invalid={problem !== undefined}
      />
      <button type="submit" className="button">
        {words.list.join}
      </button>
      {problem !== undefined && (
        <p id={hint} className="problem" role="alert">
          {words.nameProblem[problem]}
        </p>
      )}
    </form>
  )
}
