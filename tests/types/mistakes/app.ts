import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

const Issue = v.object({ title: v.string(), points: v.number(), kind: v.picklist(['bug', 'wish']), author: v.object({ name: v.string() }) })
export type Issue = v.InferOutput<typeof Issue>

export const app = defineApp({
  version: '1',
  spaces: {
    user: space({ collections: { profile: collection(v.object({ name: v.string() })) } }),
    project: space({
      collections: { issues: collection(Issue, { indexes: ['points'] }) },
      mutators: {
        async rename(tx, { id, title }: { id: string; title: string }) {
          await tx.issues.patch(id, { title })
        },
      },
    }),
  },
})
