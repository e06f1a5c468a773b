import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

export const app = defineApp({
  version: '1',
  spaces: { board: space({ collections: { cards: collection(v.object({ title: v.string() })) } }) },
})
export const OPEN = 'board:open'
/** Where nobody may write, as its writer learns from the server. */
export const CLOSED = 'board:closed'
