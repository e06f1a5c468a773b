import { newId } from '@tidemark/client'
import { usePending, useRefused, useStatus } from '@tidemark/client/react'
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { nameOf } from '../names/name-code.ts'
import { NetworkSwitch } from '../network/network-switch.tsx'
import { useReplica, useSpace } from '../replica/hooks.ts'
import { addressOf } from '../rooms/route.ts'
import { useReadMarker } from '../rooms/use-read-marker.ts'
import { WaterLine } from '../water-line/water-line.tsx'
import { useWords } from '../words/words.ts'
import { Composer } from './composer.tsx'
import { type Bubble, messageItems } from './message-items.ts'
import { MessageList } from './message-list.tsx'
import './room.css'
import { RoomBlank } from './room-blank.tsx'
import { useMessages } from './use-messages.ts'
import { useVisible } from './use-visible.ts'

interface Props {
  readonly name: string
  /** The room's name while its newest message is in sight, else undefined. */
  readonly onReading: (name: string | undefined) => void
}

/** One room: how far its copy has come, what was said, and the composer. */
export function RoomView({ name, onReading }: Props) {
  const words = useWords()
  const title = nameOf(name)
  const { user } = useReplica()
  const room = useSpace(`room:${name}`)
  const own = useSpace(`user:${user}`)
  const copy = useStatus(({ spaces }) => spaces[`room:${name}`])
  const { rows, older, showOlder, follow } = useMessages(room)

  const [atNewest, setAtNewest] = useState(false)
  const onFollow = useCallback(
    (now: boolean) => {
      setAtNewest(now)
      follow(now)
    },
    [follow],
  )
  const reading = useVisible() && atNewest
  const readTo = useReadMarker({ own, room: name, rows, reading, user })
  useEffect(() => {
    onReading(reading ? name : undefined)
    return () => onReading(undefined)
  }, [reading, name, onReading])

  const pending = usePending((mutation) => mutation.space === room.id && mutation.name === 'send')
  const refused = useRefused((mutation) => mutation.space === room.id && mutation.name === 'send')
  const items = useMemo(
    () => (rows && readTo !== undefined ? messageItems({ rows, pending, refused, user, readTo }) : undefined),
    [rows, pending, refused, user, readTo],
  )

  const whole = copy !== undefined && copy.version > 0 && !copy.partial && copy.denied === undefined

  const send = useCallback(
    async (text: string) => {
      // A refusal comes by useRefused, and the list shows it.
      await room.mutate.send({ id: newId(), text })
    },
    [room],
  )
  const sendAgain = useCallback(
    async ({ text, refused }: Bubble) => {
      // Under a new id: where the old one is taken, the same mutation would be refused again.
      await send(text)
      await refused?.dismiss()
    },
    [send],
  )

  const heading = useRef<HTMLHeadingElement>(null)
  const byKeyboard = matchMedia('(pointer: fine)').matches
  // Where a keyboard covers half of the screen, the room is shown first; the focus goes to its name.
  useEffect(() => {
    if (!byKeyboard) heading.current?.focus()
  }, [byKeyboard])

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Escape' || event.nativeEvent.isComposing || event.defaultPrevented) return
    // Beside the list the room stays open, and the focus goes back to where it came from.
    const list = document.querySelector('.room-list')
    if (list?.checkVisibility()) list.querySelector<HTMLElement>('[aria-current]')?.focus()
    else location.hash = addressOf()
  }

  const [problem, setProblem] = useState<unknown>()
  async function leave() {
    try {
      await own.mutate.leave({ room: name })
      location.hash = addressOf()
    } catch (error) {
      setProblem(error)
    }
  }

  return (
    <main className="room" aria-label={words.room.label(title)} onKeyDown={onKeyDown}>
      <header className="room-head">
        <a className="button quiet room-back" href={addressOf()}>
          <span className="visually-hidden">{words.room.back}</span>
          <svg viewBox="0 0 12 20" aria-hidden="true">
            <path d="M10 2 2 10l8 8" />
          </svg>
        </a>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <span className="room-switch">
          <NetworkSwitch />
        </span>
        <button type="button" className="button quiet room-leave" onClick={() => void leave()}>
          {words.room.leave}
        </button>
      </header>
      {problem !== undefined && (
        <p className="problem room-problem" role="alert">
          {words.room.notLeft(words.problem(problem))}
        </p>
      )}
      <WaterLine space={`room:${name}`} />
      {items === undefined || (items.length === 0 && (older === 'beginning' || !whole)) ? (
        <RoomBlank copy={copy} loading={items === undefined} />
      ) : (
        <MessageList items={items} older={whole ? older : undefined} onOlder={showOlder} onFollow={onFollow} onSendAgain={sendAgain} />
      )}
      <Composer draftKey={`${user}:${name}`} label={words.composer.label(title)} focusOnOpen={byKeyboard} onSend={send} />
    </main>
  )
}
