import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'
import { characters } from './characters.ts'
import { live } from './live.ts'

/** Characters of one message, counted as code points: an emoji of the basic kind is one, on every device and in every language. */
export const MESSAGE_CHARACTERS_MAX = 2000
export const NAME_CHARACTERS_MAX = 64

const text = v.pipe(
  v.string(),
  v.check((value) => value.length > 0, 'is empty'),
  v.check((value) => characters(value) <= MESSAGE_CHARACTERS_MAX, `has more than ${MESSAGE_CHARACTERS_MAX} characters`),
)
const name = v.pipe(
  v.string(),
  v.check((value) => value.length > 0, 'is empty'),
  v.check((value) => characters(value) <= NAME_CHARACTERS_MAX, `has more than ${NAME_CHARACTERS_MAX} characters`),
)
const time = v.pipe(v.number(), v.finite())
const version = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const Message = v.strictObject({ text, author: v.string(), sentAtMs: time })
/**
 * Its id is the room's name: `lobby` stands for `room:lobby`. `readTo` is the version of the newest message that its user has
 * read, on whichever device; what the room has above it is unread.
 */
const Chat = v.strictObject({ title: name, joinedAtMs: v.optional(time), readTo: v.optional(version) })
const Profile = v.strictObject({ name })

export type Message = v.InferOutput<typeof Message>
export type Chat = v.InferOutput<typeof Chat>

/** What both ends share: the browser bundles it, the server loads it. */
export const app = defineApp({
  version: '1',
  spaces: {
    user: space({
      collections: { profile: collection(Profile), chats: collection(Chat) },
      mutators: {
        // Two devices of one user may join or leave offline: the second one finds it done.
        async join(tx, { room, title }: { room: string; title: string }) {
          if ((await tx.chats.get(room)) === undefined) await tx.chats.create(room, { title, joinedAtMs: tx.nowMs })
        },
        async leave(tx, { room }: { room: string }) {
          await tx.chats.delete(room)
        },
        // What was read stays read, whichever device tells it last.
        async markRead(tx, { room, to }: { room: string; to: number }) {
          const chat = await tx.chats.get(room)
          if (chat !== undefined && to > (chat.readTo ?? 0)) await tx.chats.patch(room, { readTo: to })
        },
      },
      // It comes with the next frame; the device that read it shows it at once.
      canWait: ['markRead'],
      args: {
        join: v.strictObject({ room: v.string(), title: name }),
        leave: v.strictObject({ room: v.string() }),
        markRead: v.strictObject({ room: v.string(), to: version }),
      },
    }),
    room: space({
      collections: {
        messages: collection(Message, {
          indexes: ['sentAtMs'],
          // A device begins with the newest; the rest is paged in. More than are counted as unread.
          window: 200,
          read: 'space',
          write: 'creator',
          creatorField: 'author',
        }),
      },
      mutators: {
        async send(tx, { id, text }: { id: string; text: string }) {
          await tx.messages.create(id, { text, author: tx.user, sentAtMs: tx.nowMs })
        },
      },
      args: { send: v.strictObject({ id: v.string(), text }) },
    }),
    live,
  },
})
