import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

export const app = defineApp({
  version: '1',
  spaces: { board: space({ collections: { cards: collection(v.object({ title: v.string(), points: v.number() })) } }) },
})
export const BOARD = 'board:1'
