import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

/** Each mutation makes two documents and moves a count, so that half of one would be seen. */
export const app = defineApp({
  version: '1',
  spaces: {
    room: space({
      collections: {
        halves: collection(v.object({ of: v.string() })),
        counts: collection(v.object({ count: v.number() })),
      },
      mutators: {
        async pair(tx, { id }: { id: string }) {
          await tx.halves.create(`${id}-a`, { of: id })
          await tx.halves.create(`${id}-b`, { of: id })
          const counted = await tx.counts.get('pairs')
          await tx.counts.put('pairs', { count: (counted?.count ?? 0) + 1 })
        },
      },
      args: { pair: v.object({ id: v.string() }) },
    }),
  },
})

/** Read by the server. */
export const access = { room: () => 'write' as const }
