import { collection, lane, space, type TransactionBase } from '@tidemark/shared'
import * as v from 'valibot'
import { characters } from './characters.ts'

/** The one stage of the demo. */
export const STAGE = 'live:main'
/** Who signs in under this name runs the show: the programme, the draws, and the console. */
export const HOST = 'host'

/** Characters of one comment, counted as code points: it flies by, and is read in passing. */
export const COMMENT_CHARACTERS_MAX = 80
export const TITLE_CHARACTERS_MAX = 80
export const PLACES_MAX = 20
/** Who takes part in one draw; their names make one document. */
export const ENTRANTS_MAX = 1000

export const COMMENT_COLORS = ['white', 'sea', 'sand', 'coral'] as const

const text = v.pipe(
  v.string(),
  v.check((value) => value.trim() !== '', 'is empty'),
  v.check((value) => characters(value) <= COMMENT_CHARACTERS_MAX, `has more than ${COMMENT_CHARACTERS_MAX} characters`),
)
const title = v.pipe(
  v.string(),
  v.check((value) => value.trim() !== '', 'is empty'),
  v.check((value) => characters(value) <= TITLE_CHARACTERS_MAX, `has more than ${TITLE_CHARACTERS_MAX} characters`),
)
const time = v.pipe(v.number(), v.finite())
const places = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(PLACES_MAX))

/** `at`: where the show was when it was said, in ms from its beginning; for playback. */
const Comment = v.strictObject({ text, color: v.optional(v.picklist(COMMENT_COLORS)), at: v.optional(time) })
const Item = v.strictObject({ title, startsAtMs: time, state: v.picklist(['next', 'now', 'over']) })
/** `winners`, by lot, once it is drawn; fewer than `places` where fewer take part. */
const Draw = v.strictObject({
  prize: title,
  places,
  openedAtMs: time,
  entrants: v.array(v.string()),
  winners: v.optional(v.array(v.string())),
  drawnAtMs: v.optional(time),
})

export type Comment = v.InferOutput<typeof Comment>
export type Draw = v.InferOutput<typeof Draw>

function assertHost(tx: Pick<TransactionBase, 'isAdmin' | 'reject'>): void {
  if (!tx.isAdmin) tx.reject('Only the host may do this.')
}

/** A live show: what the crowd says flies by in a lane; the programme and the draws are documents that stay. */
export const live = space({
  lanes: { danmu: lane(Comment, { tickMs: 1000, cap: 100, ring: 10, text: 'text' }) },
  presence: 'count',
  collections: {
    programme: collection(Item, { indexes: ['startsAtMs'], write: 'none' }),
    draws: collection(Draw, { indexes: ['openedAtMs'], window: 20, write: 'none' }),
  },
  mutators: {
    async plan(tx, { id, title, startsAtMs }: { id: string; title: string; startsAtMs: number }) {
      assertHost(tx)
      await tx.programme.create(id, { title, startsAtMs, state: 'next' })
    },
    /** `instead`: what was on until now is over. */
    async begin(tx, { id, instead }: { id: string; instead?: string | undefined }) {
      assertHost(tx)
      if (instead !== undefined && instead !== id) await tx.programme.patch(instead, { state: 'over' })
      await tx.programme.patch(id, { state: 'now' })
    },
    async end(tx, { id }: { id: string }) {
      assertHost(tx)
      await tx.programme.patch(id, { state: 'over' })
    },
    async remove(tx, { id }: { id: string }) {
      assertHost(tx)
      await tx.programme.delete(id)
    },
    async openDraw(tx, { id, prize, places }: { id: string; prize: string; places: number }) {
      assertHost(tx)
      await tx.draws.create(id, { prize, places, openedAtMs: tx.nowMs, entrants: [] })
    },
    async enter(tx, { id }: { id: string }) {
      const draw = await tx.draws.get(id)
      if (draw === undefined || draw.winners !== undefined) return tx.reject('This draw is over.')
      if (draw.entrants.length >= ENTRANTS_MAX) tx.reject('This draw is full.')
      if (!draw.entrants.includes(tx.user)) await tx.draws.patch(id, {}, { append: { entrants: [tx.user] } })
    },
    /** By the server's chance, once: what a device shows is what came of it. */
    async draw(tx, { id }: { id: string }) {
      assertHost(tx)
      if (!tx.isServer) return
      const draw = await tx.draws.get(id)
      if (draw === undefined || draw.winners !== undefined) return
      const left = [...draw.entrants]
      const winners: string[] = []
      while (winners.length < draw.places && left.length > 0) winners.push(...left.splice(Math.floor(tx.random() * left.length), 1))
      await tx.draws.patch(id, { winners, drawnAtMs: tx.nowMs })
    },
  },
  args: {
    plan: v.strictObject({ id: v.string(), title, startsAtMs: time }),
    begin: v.strictObject({ id: v.string(), instead: v.optional(v.string()) }),
    end: v.strictObject({ id: v.string() }),
    remove: v.strictObject({ id: v.string() }),
    openDraw: v.strictObject({ id: v.string(), prize: title, places }),
    enter: v.strictObject({ id: v.string() }),
    draw: v.strictObject({ id: v.string() }),
  },
})
