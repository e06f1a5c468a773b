import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

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

const Message = v.strictObject({ text, author: v.string(), sentAtMs: v.pipe(v.number(), v.finite()) })
/** Its id is the room's name: `lobby` stands for `room:lobby`. */
const Chat = v.strictObject({ title: name })
const Profile = v.strictObject({ name })

export type Message = v.InferOutput<typeof Message>

/** What both ends share: the browser bundles it, the server loads it. */
export const app = defineApp({
  version: '1',
  spaces: {
    user: space({ collections: { profile: collection(Profile), chats: collection(Chat) } }),
    room: space({
      collections: {
        messages: collection(Message, { indexes: ['sentAtMs'], read: 'space', write: 'creator', creatorField: 'author' }),
      },
      mutators: {
        async send(tx, args: { id: string; text: string }) {
          await tx.messages.create(args.id, { text: args.text, author: tx.user, sentAtMs: tx.nowMs })
        },
      },
      args: { send: v.strictObject({ id: v.string(), text }) },
    }),
  },
})

/** Code points of a text: what a person roughly counts, and the same number everywhere (UTF-16 units and graphemes are not). */
export function characters(value: string): number {
  let count = 0
  for (const _ of value) count += 1
  return count
}
