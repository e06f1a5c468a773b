import { useQuery } from '@tidemark/client/react'
import { useEffect, useRef, useState } from 'react'
import { useActs } from '../acts/acts.tsx'
import { useModeration } from '../acts/use-moderation.ts'
import { hrefOf } from '../shell/route.ts'
import { counted, span } from '../words/units.ts'
import { useNowMs } from '../words/use-now.ts'
import './held-page.css'
import { nextChosen } from './next-chosen.ts'
import { OlderRows } from './older-rows.tsx'

/** The queue of what waits for a person, the oldest first. */
export function HeldPage() {
  const { held, mutate } = useModeration()
  const { docs, isLoading, error } = useQuery(held.orderBy('atMs', 'asc'))
  const { may, act } = useActs()
  const nowMs = useNowMs()
  const [wanted, setWanted] = useState<string>()
  const ids = docs.map(({ $id }) => $id)
  const chosen = nextChosen(ids, wanted)
  const list = useRef<HTMLUListElement>(null)

  /** What follows what was just dealt with is the next to look at. */
  function choose(id: string | undefined, isFocused = true) {
    setWanted(id)
    if (isFocused && id !== undefined)
      requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus())
  }

  function deal(id: string, does: 'release' | 'discard') {
    if (!may) return
    const at = ids.indexOf(id)
    choose(ids[at + 1] ?? ids[at - 1])
    act(mutate[does]({ id }))
  }

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLElement && event.target.closest('input, textarea, select') !== null
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key]
      if (step !== undefined) {
        event.preventDefault()
        const at = chosen === undefined ? -1 : ids.indexOf(chosen)
        choose(ids[Math.min(ids.length - 1, Math.max(0, at + step))])
      }
      if (chosen !== undefined && event.key === 'r') deal(chosen, 'release')
      if (chosen !== undefined && event.key === 'd') deal(chosen, 'discard')
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  })

  return (
    <>
      <p className="hint row">
        <span role="status">
          {isLoading ? 'Reading.' : `${counted(docs.length, 'comment')} ${docs.length === 1 ? 'waits' : 'wait'} for a person.`}
        </span>
        <span className="held-keys">
          <kbd>j</kbd> <kbd>k</kbd> choose · <kbd>r</kbd> release · <kbd>d</kbd> discard
        </span>
      </p>
      {error !== undefined && <p className="problem">{error.message}</p>}
      {!isLoading && docs.length === 0 ? (
        <div className="panel held-empty">
          <h2>Nothing waits for you</h2>
          <p className="hint">What the words hold, or the app’s own check, comes here before anybody else sees it.</p>
        </div>
      ) : (
        <ul className="held" ref={list} aria-label="Held comments, the oldest first">
          {docs.map(({ $id, $p, space, lane, by, text, because, atMs }) => (
            <li
              key={$id}
              data-id={$id}
              tabIndex={$id === chosen ? 0 : -1}
              className={$id === chosen ? 'held-item chosen' : 'held-item'}
              aria-current={$id === chosen ? 'true' : undefined}
              onFocus={() => setWanted($id)}
            >
              <div className="held-text">
                <p className="held-said">{text === '' ? <em>Nothing that can be shown as text.</em> : text}</p>
                <p className="hint">
                  <a href={hrefOf('people', by)}>{by}</a> in <a href={hrefOf('lanes', space, lane)}>{`${space} ${lane}`}</a>,{' '}
                  {span(nowMs - atMs)} ago · <span className="held-because">{because}</span>
                  {$p === 1 && <span className="tag sand">on its way</span>}
                </p>
              </div>
              <div className="held-acts">
                <button type="button" className="button" disabled={!may} onClick={() => deal($id, 'release')}>
                  Release
                </button>
                <button type="button" className="button destructive" disabled={!may} onClick={() => deal($id, 'discard')}>
                  Discard
                </button>
              </div>
            </li>
          ))}
        </ul>
      )}
      <OlderRows of={held} what="held comments" />
    </>
  )
}
