import { useLiveQuery } from 'dexie-react-hooks'
import { useUserSpace } from '../replica/use-space.ts'

/** The rooms that the user has joined on any device, in the order of joining; undefined until they are read. */
export function useJoinedRooms() {
  const space = useUserSpace()
  return useLiveQuery(async () => await space?.chats.toArray(), [space])
}
