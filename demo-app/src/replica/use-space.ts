import { useEffect, useState } from 'react'
import type { Room, UserSpace } from './demo.ts'
import { useReplica } from './replica-context.ts'

/** A room, followed while a component that asks for it is on screen. Undefined for the first render. */
export function useRoom(name: string): Room | undefined {
  const replica = useReplica()
  const [room, setRoom] = useState<Room>()
  useEffect(() => {
    const opened = replica.space(`room:${name}`)
    setRoom(opened)
    return () => opened.close()
  }, [replica, name])
  return room?.id === `room:${name}` ? room : undefined
}

/** The user's own space, followed likewise. */
export function useUserSpace(): UserSpace | undefined {
  const replica = useReplica()
  const [space, setSpace] = useState<UserSpace>()
  useEffect(() => {
    const opened = replica.space(`user:${replica.user}`)
    setSpace(opened)
    return () => opened.close()
  }, [replica])
  return space
}
