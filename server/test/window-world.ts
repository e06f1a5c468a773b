import { collection, defineApp, type SpaceId, space } from '@tidemark/shared'
import * as v from 'valibot'
import type { Principal } from '../src/backend/backend.ts'
import type { Changelog } from '../src/changelog/changelog.ts'
import { BackendWorld, everybody } from './backend-world.ts'

const Message = v.object({ text: v.string() })
const Own = collection(Message, { window: 3, read: 'creator', write: 'creator' })

/** `room`: messages with a window of 3 beside members without one. `desk`: what each made of a window of 3. */
export const windowApp = defineApp({
  version: '1',
  spaces: {
    room: space({
      collections: { messages: collection(Message, { window: 3 }), members: collection(Message) },
      mutators: {
        async many(tx, { ids }: { ids: string[] }) {
          for (const id of ids) await tx.messages.put(id, { text: id })
        },
      },
    }),
    desk: space({
      collections: { drafts: Own, secrets: collection(Message, { window: 3, read: 'none' }) },
      mutators: {
        async drop(tx, { id }: { id: string }) {
          await tx.drafts.delete(id)
        },
        async hide(tx, { id }: { id: string }) {
          await tx.secrets.put(id, { text: id })
        },
      },
    }),
  },
})

export function windowWorld(changelog?: Changelog): BackendWorld {
  const access = everybody(windowApp as never)
  return new BackendWorld({ app: windowApp as never, access, ...(changelog === undefined ? {} : { changelog }) })
}

/** Says messages under these ids, one commit each. */
export async function say(world: BackendWorld, who: Principal, room: SpaceId, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await world.put(who, room, 'messages', id, { text: id })
}
