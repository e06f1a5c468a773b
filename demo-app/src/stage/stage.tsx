import { useObservable, useStatus } from '@tidemark/client/react'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { HOST, STAGE } from '../../live.ts'
import { NetworkSwitch } from '../network/network-switch.tsx'
import { statusSentence } from '../network/status-sentence.ts'
import { useNowMs } from '../network/use-now.ts'
import { useReplica, useSpace } from '../replica/hooks.ts'
import { Blank } from '../room/blank.tsx'
import { addressOf } from '../rooms/route.ts'
import { useWords } from '../words/words.ts'
import { CommentBox } from './comment-box.tsx'
import { CommentList } from './comment-list.tsx'
import { DanmuSky } from './danmu-sky.tsx'
import { Draws } from './draws.tsx'
import { HeardSummary } from './heard-summary.tsx'
import { Picture } from './picture.tsx'
import { Programme } from './programme.tsx'
import './stage.css'
import { useHeard } from './use-heard.ts'
import { useShowing } from './use-showing.ts'
import { Winners } from './winners.tsx'

/** The length of a tick until the server has told it, in ms. */
const TICK_MS = 1000

/** The live show: what the crowd says, what is on, and who has won. */
export default function StageView() {
  const { stage: words, ...all } = useWords()
  const { user } = useReplica()
  const stage = useSpace(STAGE)
  const danmu = stage.lane('danmu')
  const state = useObservable(danmu.state$, undefined)
  const online = useObservable(stage.presence$, undefined)?.online
  const heard = useHeard(danmu, user)
  const [showing, show] = useShowing()
  const { copy, ...status } = useStatus(({ spaces, phase, because, retryAtMs, blocked }) => {
    return { copy: spaces[STAGE], phase, because, retryAtMs, blocked }
  })
  const nowMs = useNowMs(status.phase === 'waiting')

  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape' && !event.nativeEvent.isComposing && !event.defaultPrevented) location.hash = addressOf()
  }

  const version = copy?.version ?? 0
  const isAway = status.phase === 'offline' || status.phase === 'waiting'
  const isClosed = copy?.denied?.retryable === false
  /** An empty stage is at 0, too: what was read once is there, and whatever is written in the box with it. */
  const [isThere, setIsThere] = useState(false)
  if (!isThere && (version > 0 || status.phase === 'live')) setIsThere(true)
  const isAbsent = !isThere && isAway
  return (
    <main className="stage always-dark" aria-label={words.title} onKeyDown={onKeyDown} data-phase={status.phase}>
      <header className="stage-head">
        <a className="button quiet stage-back" href={addressOf()}>
          <span className="visually-hidden">{all.room.back}</span>
          <svg viewBox="0 0 12 20" aria-hidden="true">
            <path d="M10 2 2 10l8 8" />
          </svg>
        </a>
        <h1 ref={heading} tabIndex={-1}>
          {words.title}
        </h1>
        <p className="stage-viewers" data-testid="viewers">
          <span className="stage-viewers-mark" aria-hidden="true" />
          <span className="digits">{online === undefined ? words.viewersUnknown : words.viewers(online)}</span>
        </p>
        {user === HOST && (
          <a className="button quiet" href="/console">
            {words.console}
          </a>
        )}
        <NetworkSwitch />
      </header>
      {isClosed || isAbsent ? (
        <div className="stage-blank">
          <Blank title={isClosed ? words.closedTitle : words.absentTitle} tone={isClosed ? 'closed' : 'absent'}>
            {isClosed ? words.closedText : words.absentText}
          </Blank>
        </div>
      ) : (
        <>
          <section className="stage-picture" aria-label={words.picture}>
            <Picture isReading={!isThere} cut={heard.cut} />
            {showing === 'flight' ? (
              <DanmuSky items$={danmu.items$} user={user} tickMs={state?.tickMs || TICK_MS} />
            ) : (
              <CommentList items={heard.newest} user={user} />
            )}
            <Winners />
            {heard.announcement !== undefined && (
              <p className="stage-announcement" role="status">
                {heard.announcement}
              </p>
            )}
          </section>
          <HeardSummary items$={danmu.items$} />
          <div className="stage-below">
            {isAway && (
              <p className="hint stage-away" role="status" data-testid="stage-away">
                {statusSentence(
                  { status, version, head: version, pending: 0, nowMs },
                  { ...all.network, offline: words.away, offlineAbsent: words.away },
                )}
              </p>
            )}
            <CommentBox lane={danmu} stopped={state?.stopped === true} showing={showing} onShow={show} />
          </div>
          <aside className="stage-side" aria-label={words.side}>
            <Programme isHost={user === HOST} />
            <Draws isHost={user === HOST} />
          </aside>
        </>
      )}
    </main>
  )
}
