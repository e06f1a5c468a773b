import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

const Message = v.object({ text: v.string(), author: v.string(), sentAtMs: v.number() })

/** The chat that is measured: one room, one mutator, one index beside the replica's own. */
export const app = defineApp({
  version: '1',
  spaces: {
    room: space({
      collections: { messages: collection(Message, { indexes: ['sentAtMs'] }) },
      mutators: {
        async send(tx, { id, text }: { id: string; text: string }) {
          await tx.messages.create(id, { text, author: tx.user, sentAtMs: tx.nowMs })
        },
      },
      args: { send: v.object({ id: v.string(), text: v.string() }) },
    }),
  },
})

export const access = { room: () => 'write' as const }

/** A message of 100 characters. */
export const TEXT = 'The tide table says high water at six, and the pier is under by seven. Bring boots, and a lamp. Ahoy'
