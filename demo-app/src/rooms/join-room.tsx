import { type FormEvent, useId, useState } from 'react'
import { nameProblem } from '../session/name-rule.ts'

/** A room needs no creation: who joins the name first is its first guest. */
export function JoinRoom({ onJoin }: { readonly onJoin: (room: string) => Promise<void> }) {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string>()
  const field = useId()
  const hint = useId()

  async function join(event: FormEvent) {
    event.preventDefault()
    const room = name.trim().toLowerCase()
    const wrong = nameProblem(room)
    setProblem(wrong)
    if (wrong !== undefined) return
    await onJoin(room)
    setName('')
  }

  return (
    <form className="join-room" onSubmit={(event) => void join(event)} noValidate>
      <label htmlFor={field} className="visually-hidden">
        Name of a room
      </label>
      <input
        id={field}
        className="field"
        placeholder="Join a room by name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        aria-describedby={problem === undefined ? undefined : hint}
        aria-invalid={problem !== undefined}
      />
      <button type="submit" className="button">
        Join
      </button>
      {problem !== undefined && (
        <p id={hint} className="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  )
}
