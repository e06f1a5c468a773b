import { newId } from '@tidemark/client'
import { useQuery, useStatus } from '@tidemark/client/react'
import type { ConsoleLane } from '@tidemark/server'
import { ANNOUNCEMENT_LENGTH_MAX, LANE_BOUNDS } from '@tidemark/shared'
import { type FormEvent, useState } from 'react'
import { useActs } from '../acts/acts.tsx'
import { useModeration } from '../acts/use-moderation.ts'
import { Chart } from '../chart/chart.tsx'
import { laneKinds } from '../replica/console-app.ts'
import { useConsole } from '../shell/console-context.ts'
import { go, hrefOf } from '../shell/route.ts'
import { count } from '../words/units.ts'
import { useNowMs } from '../words/use-now.ts'
import { LaneItems } from './lane-items.tsx'
import './lanes-page.css'
import { SAID_SPAN_MS, secondsOf } from './lane-view.ts'
import { NumberSlider } from './number-slider.tsx'
import { useLaneView } from './use-lane-view.ts'

/** One lane as it runs, and what is done about it. */
export function LanesPage({ of: [space, lane] }: { readonly of: readonly string[] }) {
  const { overview } = useConsole()
  const kind = space?.split(':')[0] ?? ''
  const definition = overview.kinds[kind]?.lanes[lane ?? '']
  return (
    <>
      <LaneForm space={space} lane={lane} />
      {space !== undefined && lane !== undefined && definition !== undefined ? (
        <OneLane key={`${space} ${lane}`} space={space} lane={lane} definition={definition} />
      ) : (
        <div className="panel lane-none">
          <h2>{lane === undefined ? 'Choose a lane' : 'There is no such lane'}</h2>
          <p className="hint">
            {lane === undefined
              ? 'Name the space and the lane, or take one of those that were looked after before.'
              : `The app has no lane ${lane} in spaces as ${space}.`}
          </p>
        </div>
      )}
      <KnownLanes />
    </>
  )
}

function LaneForm({ space, lane }: { readonly space: string | undefined; readonly lane: string | undefined }) {
  const { overview } = useConsole()
  const choices = laneKinds(overview.kinds).flatMap(([kind, { lanes }]) => Object.keys(lanes).map((name) => ({ kind, name })))
  const [chosen, setChosen] = useState(() =>
    Math.max(
      0,
      choices.findIndex(({ kind, name }) => name === lane && space?.split(':')[0] === kind),
    ),
  )
  const { kind, name } = choices[chosen] ?? { kind: '', name: '' }
  const [of, setOf] = useState(space?.split(':').slice(1).join(':') ?? '')
  function submit(event: FormEvent) {
    event.preventDefault()
    const named = of.trim()
    go('lanes', named === '' ? kind : `${kind}:${named}`, name)
  }
  return (
    <form className="row lane-form" onSubmit={submit}>
      <label className="label">
        Lane
        <select className="field" value={chosen} onChange={(event) => setChosen(Number(event.target.value))}>
          {choices.map((choice, index) => (
            <option key={`${choice.kind} ${choice.name}`} value={index}>
              {choice.name} of {choice.kind}
            </option>
          ))}
        </select>
      </label>
      <label className="label lane-form-space">
        Space
        <span className="lane-form-id">
          <span className="mono">{kind}:</span>
          <input
            className="field"
            value={of}
            onChange={(event) => setOf(event.target.value)}
            autoCapitalize="none"
            spellCheck={false}
            placeholder="its name"
          />
        </span>
      </label>
      <button type="submit" className="button">
        Look
      </button>
    </form>
  )
}

/** Lanes of which something was set: a console finds its way back to them. */
function KnownLanes() {
  const { lanes } = useModeration()
  const { docs } = useQuery(lanes)
  if (docs.length === 0) return null
  return (
    <section className="row" aria-label="Lanes that were looked after before">
      {docs.map(({ $id, space, lane, stopped }) => (
        <a key={$id} className="button quiet" href={hrefOf('lanes', space, lane)}>
          {space} {lane}
          {stopped === true && <span className="tag coral">stopped</span>}
        </a>
      ))}
    </section>
  )
}

interface OneLaneProps {
  readonly space: string
  readonly lane: string
  readonly definition: ConsoleLane
}

function OneLane({ space, lane, definition }: OneLaneProps) {
  const { lanes, mutate } = useModeration()
  const { may, act } = useActs()
  const [held, setHeld] = useState(false)
  const { items, said, state, beganMs } = useLaneView(space, lane, held)
  const setting = useQuery(lanes.where({ space, lane })).docs[0]
  const denied = useStatus(({ spaces }) => spaces[space]?.denied?.message)
  const nowMs = useNowMs()
  const { tickMs, cap } = { tickMs: setting?.tickMs ?? definition.tickMs, cap: setting?.cap ?? definition.cap }
  const isStopped = setting?.stopped === true
  const place = { space, lane }
  const seconds = secondsOf(said, beganMs, nowMs)
  const perS = seconds.map(({ atMs, items, cut }) => ({ atMs, value: items + cut }))
  const cutPerS = seconds.map(({ atMs, cut }) => ({ atMs, value: cut }))

  return (
    <div className="lane">
      <section className="lane-side" aria-label={`What is done about ${space} ${lane}`}>
        <div className="panel">
          <div className="row">
            <h2>
              {space} <span className="lane-name">{lane}</span>
            </h2>
            <span className={`tag ${isStopped ? 'coral' : 'sea'}`}>{isStopped ? 'stopped' : 'runs'}</span>
          </div>
          <p className="hint">
            {isStopped
              ? 'Nothing is taken from anyone. Announcements are.'
              : tickMs === 0
                ? 'What is said is sent at once.'
                : `One merged record every ${count(tickMs)} ms, of at most ${count(cap)}.`}
            {state === undefined && denied === undefined && ' Waiting for the server.'}
          </p>
          <div className="row">
            {isStopped ? (
              <button type="button" className="button primary" disabled={!may} onClick={() => act(mutate.resume(place))}>
                Resume
              </button>
            ) : (
              <button type="button" className="button destructive" disabled={!may} onClick={() => act(mutate.stop(place))}>
                Stop
              </button>
            )}
            <button type="button" className="button destructive" disabled={!may} onClick={() => act(mutate.clear(place))}>
              Clear screens
            </button>
          </div>
          {definition.tickMs > 0 && (
            <>
              <NumberSlider
                label="Items of a tick, at most"
                values={CAPS}
                value={cap}
                unit=""
                disabled={!may}
                choose={(next) => act(mutate.adjust({ ...place, cap: next }))}
              />
              <NumberSlider
                label="Length of a tick"
                values={TICKS}
                value={tickMs}
                unit="ms"
                disabled={!may}
                choose={(next) => act(mutate.adjust({ ...place, tickMs: next }))}
              />
            </>
          )}
        </div>
        <Announce space={space} lane={lane} />
        <Chart title="Said" unit="a second" points={perS} spanMs={SAID_SPAN_MS} nowMs={nowMs} />
        <Chart title="Cut" unit="a second" points={cutPerS} spanMs={SAID_SPAN_MS} nowMs={nowMs} tone="sand" />
      </section>
      <LaneItems items={items} text={definition.text} held={held} hold={setHeld} denied={denied} />
    </div>
  )
}

/** What a slider offers, in steps that are felt. */
const CAPS = [1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 150, 200, 300, 400, 500, 700, LANE_BOUNDS.capMax]
const TICKS = [
  LANE_BOUNDS.tickMsMin,
  200,
  300,
  400,
  500,
  700,
  1000,
  1500,
  2000,
  3000,
  5000,
  7000,
  10_000,
  20_000,
  30_000,
  LANE_BOUNDS.tickMsMax,
]

function Announce({ space, lane }: { readonly space: string; readonly lane: string }) {
  const { mutate } = useModeration()
  const { may, act } = useActs()
  const [text, setText] = useState('')
  function submit(event: FormEvent) {
    event.preventDefault()
    act(mutate.announce({ id: newId(), space, lane, text: text.trim() }))
    setText('')
  }
  return (
    <form className="panel" onSubmit={submit}>
      <label className="label">
        Announcement to all who watch, never sampled away
        <textarea
          className="field"
          rows={2}
          maxLength={ANNOUNCEMENT_LENGTH_MAX}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <div className="row">
        <button type="submit" className="button primary" disabled={!may || text.trim() === ''}>
          Announce
        </button>
        <span className="hint digits">
          {count(text.length)} of {count(ANNOUNCEMENT_LENGTH_MAX)}
        </span>
      </div>
    </form>
  )
}
