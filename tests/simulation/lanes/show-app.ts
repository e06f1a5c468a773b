import { type App, collection, defineApp, lane, moderationSpace, space } from '@tidemark/shared'
import * as v from 'valibot'

const Comment = v.object({ text: v.string() })

export const SHOW = 'show:1'
export const LANES = ['danmu', 'dice', 'heavy', 'wall', 'typing'] as const
export type LaneName = (typeof LANES)[number]

/** Lanes of every sampling with caps that few speakers fill, one that is never full, one that keeps nothing; and documents beside them. */
export const showApp = defineApp({
  version: '1',
  spaces: {
    show: space({
      collections: { notes: collection(v.object({ text: v.string() })) },
      mutators: {
        async note(tx, { id }: { id: string }) {
          await tx.notes.put(id, { text: id })
        },
      },
      lanes: {
        danmu: lane(Comment, { text: 'text', cap: 8 }),
        dice: lane(Comment, { text: 'text', tickMs: 500, cap: 5, ring: 5, sampling: 'random' }),
        heavy: lane(Comment, { text: 'text', tickMs: 2000, cap: 6, ring: 3, sampling: ({ body }) => body.text.length % 7 }),
        wall: lane(Comment, { text: 'text', cap: 1000, ring: 300, public: true, archiveMs: 3_600_000 }),
        typing: lane(Comment, { text: 'text', tickMs: 0 }),
      },
    }),
  },
})

/** What the page of who moderates opens. */
export const deskApp = defineApp({ version: '1', spaces: { moderation: moderationSpace } })

export function definitionOf(name: LaneName): { readonly tickMs: number; readonly cap: number } {
  return showApp.spaces.show.lanes[name]
}
export const plain = (app: unknown): App => app as App
