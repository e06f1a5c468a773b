import { newId } from '@tidemark/client'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { NetworkSwitch } from '../network/network-switch.tsx'
import { useReplica } from '../replica/replica-context.ts'
import { useRoom, useUserSpace } from '../replica/use-space.ts'
import { useRefused, useStatus } from '../replica/use-status.ts'
import { addressOf } from '../rooms/route.ts'
import { WaterLine } from '../water-line/water-line.tsx'
import { Composer } from './composer.tsx'
import { type Bubble, messageItems } from './message-items.ts'
import { MessageList } from './message-list.tsx'
import './room.css'
import { RoomBlank } from './room-blank.tsx'
import { useMessages } from './use-messages.ts'

/** One room: how far its copy has come, what was said, and the composer. */
export function RoomView({ name }: { readonly name: string }) {
  const { user } = useReplica()
  const room = useRoom(name)
  const own = useUserSpace()
  const copy = useStatus().spaces[`room:${name}`]
  const { rows, hasEarlier, showEarlier, follow } = useMessages(room)
  const allRefused = useRefused()
  const items = useMemo(() => {
    const refused = allRefused.filter((mutation) => mutation.space === `room:${name}` && mutation.name === 'send')
    return rows && messageItems(rows, refused, user)
  }, [rows, allRefused, name, user])

  const send = useCallback(
    async (text: string) => {
      if (room === undefined) throw new Error('the room is still opening')
      const sent = await room.mutate.send({ id: newId(), text })
      // A refusal comes by `rejected$`, where the list shows it.
      sent.confirmed.catch(() => undefined)
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
    document.title = `${name} · Tidemark`
    if (!byKeyboard) heading.current?.focus()
    return () => {
      document.title = 'Tidemark'
    }
  }, [name, byKeyboard])

  const [problem, setProblem] = useState<string>()
  async function leave() {
    try {
      await own?.mutate.delete({ c: 'chats', id: name })
      location.hash = addressOf()
    } catch (error) {
      setProblem(`Not left: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  return (
    <section className="room" aria-label={`Room ${name}`}>
      <header className="room-head">
        <a className="button quiet room-back" href={addressOf()}>
          <span className="visually-hidden">All rooms</span>
          <svg viewBox="0 0 12 20" aria-hidden="true">
            <path d="M10 2 2 10l8 8" />
          </svg>
        </a>
        <h2 ref={heading} tabIndex={-1}>
          {name}
        </h2>
        <span className="room-switch">
          <NetworkSwitch />
        </span>
        <button type="button" className="button quiet room-leave" onClick={() => void leave()}>
          Leave
        </button>
      </header>
      {problem !== undefined && (
        <p className="problem room-problem" role="alert">
          {problem}
        </p>
      )}
      <WaterLine space={`room:${name}`} />
      {items === undefined || items.length === 0 ? (
        <RoomBlank copy={copy} loading={items === undefined} />
      ) : (
        <MessageList items={items} hasEarlier={hasEarlier} onEarlier={showEarlier} onFollow={follow} onSendAgain={sendAgain} />
      )}
      <Composer draftKey={`${user}:${name}`} label={`Message to ${name}`} focusOnOpen={byKeyboard} onSend={send} />
    </section>
  )
}
