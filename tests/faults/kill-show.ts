import { defineApp, lane, space } from '@tidemark/shared'
import * as v from 'valibot'

/** A show whose ticks all stay, so that what appeared can be counted. */
export const app = defineApp({
  version: '1',
  spaces: {
    live: space({
      lanes: { danmu: lane(v.object({ text: v.string() }), { text: 'text', tickMs: 100, cap: 1000, archiveMs: 3_600_000 }) },
    }),
  },
})

export const access = {
  live: () => 'write' as const,
  moderation: (user: string) => (user === 'host' ? ('admin' as const) : ('none' as const)),
}
