import { type DocumentRow, newId } from '@tidemark/client'
import { useQuery, useRefused } from '@tidemark/client/react'
import { type FormEvent, useId, useState } from 'react'
import { type Draw, PLACES_MAX, STAGE, TITLE_CHARACTERS_MAX } from '../../live.ts'
import { nameOf } from '../names/name-code.ts'
import { useReplica, useSpace } from '../replica/hooks.ts'
import { useWords } from '../words/words.ts'
import './draws.css'
import { useActing } from './use-acting.ts'

/** Lucky draws: all take part by a click, the server draws, and every screen shows the same. */
export function Draws({ isHost }: { readonly isHost: boolean }) {
  const words = useWords()
  const stage = useSpace(STAGE)
  const { docs: draws } = useQuery(stage.draws.orderBy('openedAtMs', 'desc'))
  const [act, problem] = useActing()
  const refused = useRefused((mutation) => mutation.space === STAGE)
  const heading = useId()
  return (
    <section className="draws" aria-labelledby={heading}>
      <h2 id={heading}>{words.draw.title}</h2>
      {draws.length === 0 && <p className="hint">{words.draw.empty}</p>}
      <ul>
        {draws.map((draw) => (
          <DrawCard key={draw.$id} draw={draw} isHost={isHost} act={act} />
        ))}
      </ul>
      {isHost && <OpenDraw onOpen={(prize, places) => act(() => stage.mutate.openDraw({ id: newId(), prize, places }))} />}
      {problem !== undefined && (
        <p className="problem" role="alert">
          {words.problem(problem)}
        </p>
      )}
      {refused.map((mutation) => (
        <p key={mutation.n} className="problem draws-refused" role="alert">
          {words.refusal(mutation.error)}
          <button type="button" className="button quiet" onClick={() => act(() => mutation.dismiss())}>
            {words.storage.understood}
          </button>
        </p>
      ))}
    </section>
  )
}

interface CardProps {
  readonly draw: DocumentRow<Draw>
  readonly isHost: boolean
  readonly act: (work: () => Promise<unknown>) => void
}

function DrawCard({ draw: { $id: id, prize, places, entrants, winners }, isHost, act }: CardProps) {
  const words = useWords().draw
  const { user } = useReplica()
  const stage = useSpace(STAGE)
  /** Asked for here, and not drawn yet: a device cannot draw. */
  const [isAsked, setIsAsked] = useState(false)
  const entered = entrants.includes(user)
  return (
    <li className="draw" data-drawn={winners !== undefined || undefined} data-testid="draw">
      <p className="draw-prize">{prize}</p>
      <p className="hint digits">{words.standing(places, entrants.length)}</p>
      {winners !== undefined ? (
        <p className="draw-winners">
          {winners.length === 0 ? words.nobody : words.winners(winners.map(nameOf))}
          {winners.includes(user) && <strong> {words.youWon}</strong>}
        </p>
      ) : (
        <p className="draw-acts">
          <button type="button" className="button" disabled={entered} onClick={() => act(() => stage.mutate.enter({ id }))}>
            {entered ? words.entered : words.enter} <span className="visually-hidden">{prize}</span>
          </button>
          {isHost && (
            <button
              type="button"
              className="button primary"
              disabled={isAsked}
              onClick={() => {
                setIsAsked(true)
                act(() => stage.mutate.draw({ id }))
              }}
            >
              {isAsked ? words.drawing : words.draw} <span className="visually-hidden">{prize}</span>
            </button>
          )}
        </p>
      )}
    </li>
  )
}

function OpenDraw({ onOpen }: { readonly onOpen: (prize: string, places: number) => void }) {
  const { draw: words } = useWords()
  const [prize, setPrize] = useState('')
  const [places, setPlaces] = useState(1)
  const id = useId()
  function open(event: FormEvent) {
    event.preventDefault()
    if (prize.trim() === '') return
    onOpen(prize.trim(), Math.min(Math.max(1, Math.floor(places) || 1), PLACES_MAX))
    setPrize('')
  }
  return (
    <form className="programme-plan" onSubmit={open}>
      <label htmlFor={id} className="visually-hidden">
        {words.newPrize}
      </label>
      <input
        id={id}
        className="field"
        placeholder={words.newPrize}
        maxLength={TITLE_CHARACTERS_MAX}
        value={prize}
        onChange={(event) => setPrize(event.target.value)}
      />
      <label className="draws-places">
        {words.newPlaces}
        <input
          className="field digits"
          type="number"
          min={1}
          max={PLACES_MAX}
          value={places}
          onChange={(event) => setPlaces(event.target.valueAsNumber)}
        />
      </label>
      <button type="submit" className="button" disabled={prize.trim() === ''}>
        {words.open}
      </button>
    </form>
  )
}
