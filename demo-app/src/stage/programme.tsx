import { newId } from '@tidemark/client'
import { useQuery } from '@tidemark/client/react'
import { type FormEvent, useId, useState } from 'react'
import { STAGE, TITLE_CHARACTERS_MAX } from '../../live.ts'
import { useSpace } from '../replica/hooks.ts'
import { timeOf } from '../room/time-words.ts'
import { useWords } from '../words/words.ts'
import './programme.css'
import { useActing } from './use-acting.ts'

const HOUR_MS = 3_600_000

/** What is on, what comes and what was; who runs the show changes it here, and all see it at once. */
export function Programme({ isHost }: { readonly isHost: boolean }) {
  const words = useWords()
  const { programme } = words
  const stage = useSpace(STAGE)
  const { docs: items, isLoading } = useQuery(stage.programme.orderBy('startsAtMs', 'asc'))
  const now = items.find(({ state }) => state === 'now')
  const [act, problem] = useActing()
  const heading = useId()

  return (
    <section className="programme" aria-labelledby={heading}>
      <h2 id={heading}>{programme.title}</h2>
      {items.length === 0 && <p className="hint">{isLoading ? words.stage.reading : programme.empty}</p>}
      <ol>
        {items.map(({ $id: id, $p, title, startsAtMs, state }) => (
          <li key={id} data-state={state} data-pending={$p === 1 || undefined} aria-current={state === 'now' ? 'true' : undefined}>
            <span className="programme-time digits">{timeOf(startsAtMs, words)}</span>
            <span className="programme-name">{title}</span>
            {state !== 'next' && <span className="programme-state">{state === 'now' ? programme.now : programme.over}</span>}
            {isHost && (
              <span className="programme-acts">
                {state === 'now' ? (
                  <button type="button" className="button quiet" onClick={() => act(() => stage.mutate.end({ id }))}>
                    {programme.end} <span className="visually-hidden">{title}</span>
                  </button>
                ) : (
                  <button
                    type="button"
                    className="button quiet"
                    onClick={() => act(() => stage.mutate.begin(now === undefined ? { id } : { id, instead: now.$id }))}
                  >
                    {programme.begin} <span className="visually-hidden">{title}</span>
                  </button>
                )}
                <button type="button" className="button quiet destructive" onClick={() => act(() => stage.mutate.remove({ id }))}>
                  {programme.remove} <span className="visually-hidden">{title}</span>
                </button>
              </span>
            )}
          </li>
        ))}
      </ol>
      {isHost && (
        <Plan
          onPlan={(title, startsAtMs) => act(() => stage.mutate.plan({ id: newId(), title, startsAtMs }))}
          last={items.at(-1)?.startsAtMs}
        />
      )}
      {problem !== undefined && (
        <p className="problem" role="alert">
          {words.problem(problem)}
        </p>
      )}
    </section>
  )
}

interface PlanProps {
  /** Start of the last item, in ms since the epoch. */
  readonly last: number | undefined
  readonly onPlan: (title: string, startsAtMs: number) => void
}

function Plan({ last, onPlan }: PlanProps) {
  const { programme } = useWords()
  const [title, setTitle] = useState('')
  const [time, setTime] = useState('')
  const id = useId()

  function plan(event: FormEvent) {
    event.preventDefault()
    if (title.trim() === '') return
    onPlan(title.trim(), startOf(time) ?? (last === undefined ? Date.now() : last + HOUR_MS / 4))
    setTitle('')
    setTime('')
  }

  return (
    <form className="programme-plan" onSubmit={plan}>
      <label htmlFor={id} className="visually-hidden">
        {programme.newTitle}
      </label>
      <input
        id={id}
        className="field"
        placeholder={programme.newTitle}
        maxLength={TITLE_CHARACTERS_MAX}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
      />
      <label htmlFor={`${id}-time`} className="visually-hidden">
        {programme.newTime}
      </label>
      <input id={`${id}-time`} className="field" type="time" value={time} onChange={(event) => setTime(event.target.value)} />
      <button type="submit" className="button" disabled={title.trim() === ''}>
        {programme.add}
      </button>
    </form>
  )
}

/** Today at this time, in ms since the epoch; undefined where none is given. */
function startOf(time: string): number | undefined {
  const [hours, minutes] = time.split(':').map(Number)
  return hours === undefined || minutes === undefined ? undefined : new Date().setHours(hours, minutes, 0, 0)
}
