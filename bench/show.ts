import { collection, defineApp, lane, space } from '@tidemark/shared'
import * as v from 'valibot'

export const SHOW = 'live:1'
export const TICK_MS = 1000

/** A crowded lane of which a fair lot is shown, and documents beside it. */
export function showApp(cap: number) {
  return defineApp({
    version: '1',
    spaces: {
      live: space({
        collections: { notes: collection(v.object({ text: v.string() })) },
        mutators: {
          async send(tx, { id, text }: { id: string; text: string }) {
            await tx.notes.put(id, { text })
          },
        },
        args: { send: v.object({ id: v.string(), text: v.string() }) },
        lanes: { danmu: lane(v.object({ text: v.string() }), { text: 'text', tickMs: TICK_MS, cap, sampling: 'random' }) },
      }),
    },
  })
}

export const showAccess = { live: () => 'write' as const }
