import type { LaneItem } from '@tidemark/shared'
import { useMemo, useRef, useState } from 'react'
import { hrefOf } from '../shell/route.ts'
import { count, timeOfDay } from '../words/units.ts'
import { ITEMS_SHOWN, textOf } from './lane-view.ts'
import { RestrictForm } from './restrict-form.tsx'

interface Props {
  readonly items: readonly LaneItem[]
  /** The field that holds what a person wrote. */
  readonly text: string | undefined
  /** What is shown stands still. */
  readonly held: boolean
  readonly hold: (held: boolean) => void
  readonly denied: string | undefined
}

/** The newest items, the newest first, and who said them: one press from being muted. */
export function LaneItems({ items, text, held, hold, denied }: Props) {
  const [filter, setFilter] = useState('')
  const [of, setOf] = useState('')
  const dialog = useRef<HTMLDialogElement>(null)
  const found = useMemo(() => {
    const word = filter.toLowerCase()
    return word === '' ? items : items.filter((item) => `${item.by} ${textOf(item, text)}`.toLowerCase().includes(word))
  }, [items, filter, text])

  function restrict(by: string) {
    setOf(by)
    dialog.current?.showModal()
  }

  return (
    <section className="lane-items" aria-label="What is said">
      <div className="data-table-tools">
        <input
          type="search"
          className="field data-table-filter"
          placeholder="Filter by text or user"
          aria-label="Filter what is said"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <span className="data-table-count digits">
          {count(found.length)} of the newest {count(ITEMS_SHOWN)}
        </span>
        <button type="button" className="button" aria-pressed={held} onClick={() => hold(!held)}>
          {held ? 'Go on' : 'Stand still'}
        </button>
      </div>
      {denied !== undefined && (
        <p className="problem lane-denied" role="status">
          {denied} To moderate is no right to read: the rule of this space has to let you.
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <div className="lane-scroll" tabIndex={0} role="log" aria-live="off" aria-label="Items, the newest first">
        {found.length === 0 && denied === undefined && (
          <p className="data-table-empty">
            {filter === '' ? 'Nothing was said yet. What is said shows here with its tick.' : `Nothing fits “${filter}”.`}
          </p>
        )}
        <ul>
          {found.map((item) => (
            <li
              key={`${item.id} ${item.by}`}
              className={item.announcement === true ? 'lane-item announcement' : 'lane-item'}
              data-testid="item"
            >
              <span className="hint digits">{timeOfDay(item.atMs)}</span>
              <a href={hrefOf('people', item.by)}>{item.by}</a>
              <span className="lane-text">
                {textOf(item, text)}
                {item.count !== undefined && item.count > 1 && <span className="tag sand">×{count(item.count)}</span>}
                {item.announcement === true && <span className="tag sea">announcement</span>}
              </span>
              <button type="button" className="button quiet" aria-label={`Mute or block ${item.by}`} onClick={() => restrict(item.by)}>
                Mute…
              </button>
            </li>
          ))}
        </ul>
      </div>
      <dialog ref={dialog} className="lane-dialog" aria-labelledby="restrict-of">
        <div className="row">
          <h2 id="restrict-of">{of}</h2>
          <form method="dialog" className="people-close">
            <button type="submit" className="button quiet">
              Close
            </button>
          </form>
        </div>
        {of !== '' && <RestrictForm key={of} user={of} done={() => dialog.current?.close()} />}
      </dialog>
    </section>
  )
}
