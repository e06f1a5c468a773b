// Types flow from defineApp to both ends: what is wrong here does not compile, and the check compiles this file.
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { type ArgsOf, collection, type DocumentOf, defineApp, moderationSpace, space } from './index.ts'

const Message = v.object({ text: v.string(), author: v.string(), sentAtMs: v.number() })
const app = defineApp({
  version: '1',
  spaces: {
    user: space({ collections: { profile: collection(v.object({ name: v.string() })) } }),
    room: space({
      collections: { messages: collection(Message, { indexes: ['sentAtMs'], write: 'creator', creatorField: 'author' }) },
      mutators: {
        async send(tx, { id, text }: { id: string; text: string }) {
          await tx.messages.create(id, { text, author: tx.user, sentAtMs: tx.nowMs })
        },
        async touch(tx, { id }: { id: string }) {
          // @ts-expect-error there is no such collection
          await tx.letters?.get(id)
          // @ts-expect-error a patch takes fields of the document only
          await tx.messages.patch(id, { colour: 'red' })
          await tx.messages.patch(id, { text: 'x' }, { inc: { sentAtMs: 1 } })
        },
      },
    }),
  },
})

describe('defineApp', () => {
  it('infers the arguments of mutators and the documents of collections', () => {
    const args: ArgsOf<typeof app, 'room'>['send'] = { id: 'm1', text: 'hi' }
    // @ts-expect-error text is missing
    const wrong: ArgsOf<typeof app, 'room'>['send'] = { id: 'm1' }
    const doc: DocumentOf<(typeof app)['spaces']['room']['collections']['messages']> = { text: 'hi', author: 'alice', sentAtMs: 1 }
    expect([args.id, wrong.id, doc.author]).toEqual(['m1', 'm1', 'alice'])
  })

  it('takes schemas for the arguments of some mutators, and infers them from the mutators', () => {
    const schemas = space({
      collections: { messages: collection(Message) },
      mutators: {
        async send(tx, { id }: { id: string }) {
          await tx.messages.delete(id)
        },
        async touch(tx, { id }: { id: string }) {
          await tx.messages.delete(id)
        },
      },
      args: { send: v.object({ id: v.string() }) },
    })
    expect(Object.keys(schemas.args)).toEqual(['send'])
    // @ts-expect-error the schema gives what the mutator does not take
    space({ collections: {}, mutators: { send(_tx, _args: { id: string }) {} }, args: { send: v.object({ id: v.number() }) } })
  })

  it('refuses names that the wire or a transaction cannot carry, and says which', () => {
    const messages = collection(Message)
    expect(() => defineApp({ version: '1', spaces: { Room: space({ collections: {} }) } })).toThrow(/space kind Room/)
    expect(() => defineApp({ version: '1', spaces: { room: space({ collections: { space: messages } }) } })).toThrow(/room\.space/)
    expect(() => defineApp({ version: '1', spaces: { room: space({ collections: { __proto: messages } }) } })).toThrow(/room\.__proto/)
    expect(() => defineApp({ version: '1', spaces: { room: space({ collections: { messages }, mutators: { put() {} } }) } })).toThrow(
      /built in/,
    )
  })

  it('keeps the kind `moderation` for the space that comes with the library', () => {
    expect(() => defineApp({ version: '1', spaces: { moderation: space({ collections: {} }) } })).toThrow(/space kind moderation.*taken/)
    expect(Object.keys(defineApp({ version: '1', spaces: { moderation: moderationSpace } }).spaces)).toEqual(['moderation'])
  })

  it('knows the fields of a document where indexes are declared', () => {
    // @ts-expect-error there is no field sentAt
    expect(collection(Message, { indexes: ['sentAt'] }).indexes).toEqual(['sentAt'])
  })
})
