import { lazy, Suspense, useEffect, useState } from 'react'
import './chat.css'
import { DevtoolsKey } from './devtools/use-devtools.ts'
import type { DemoReplica } from './replica/demo.ts'
import { ReplicaProvider } from './replica/hooks.ts'
import { openDemoReplica } from './replica/open-demo-replica.ts'
import { Blank } from './room/blank.tsx'
import { RoomView } from './room/room.tsx'
import { RoomList } from './rooms/room-list.tsx'
import { useOpenRoom, useStageOpen } from './rooms/route.ts'
import { Trouble } from './trouble.tsx'
import { useWords } from './words/words.ts'

const Stage = lazy(() => import('./stage/stage.tsx'))

/** What a signed-in user sees: the list and the open room, beside each other where there is space; or the live stage. */
export function Chat({ user }: { readonly user: string }) {
  const words = useWords()
  const [replica, setReplica] = useState<DemoReplica>()
  const [problem, setProblem] = useState<unknown>()
  const open = useOpenRoom()
  const isOnStage = useStageOpen()
  /** The room whose newest message is in sight, and whose window is in front. */
  const [reading, setReading] = useState<string>()

  useEffect(() => {
    let wanted = true
    const opening = openDemoReplica(user)
    opening.then(
      (opened) => wanted && setReplica(opened),
      (error: unknown) => wanted && setProblem(error),
    )
    return () => {
      wanted = false
      setReplica(undefined)
      void opening.then((opened) => opened.close()).catch(() => undefined)
    }
  }, [user])

  if (problem !== undefined) return <Trouble problem={problem} />
  return (
    <ReplicaProvider replica={replica} fallback={<main className="chat" aria-busy="true" />}>
      <DevtoolsKey />
      {isOnStage ? (
        <Suspense fallback={<main className="chat-stage" aria-busy="true" />}>
          <Stage />
        </Suspense>
      ) : (
        <div className="chat" data-open={open}>
          <RoomList open={open} reading={reading} />
          {open === undefined ? (
            <main className="chat-choose">
              <Blank title={words.list.chooseTitle} tone="empty">
                {words.list.chooseText}
              </Blank>
            </main>
          ) : (
            <RoomView key={open} name={open} onReading={setReading} />
          )}
        </div>
      )}
    </ReplicaProvider>
  )
}
