import { type App, collection, defineApp, type Preset, space } from '@tidemark/shared'
import * as v from 'valibot'

const Note = v.object({ text: v.string(), stars: v.optional(v.number()) })
const Said = v.object({ texts: v.array(v.string()) })

/** Lines that a first sync brings. */
export const LINES_WINDOW = 2
/** What a server refuses, and a device does not know it would. */
export const TABOO = 'taboo'

export interface CaseAppOptions {
  /** True for the server's: it refuses what is TABOO. */
  readonly isStrict?: boolean
  /** Who reads drafts. A server that starts with another preset has changed the rights of everybody. */
  readonly drafts?: Preset
  /** What a mutator of this server does before it writes: throws, or waits. */
  readonly before?: (text: string) => void | Promise<void>
}

/** The app of the named cases. `say` reads what it writes, so that a second run of one text, or another order, shows for ever. */
export function caseApp({ isStrict = false, drafts = 'space', before }: CaseAppOptions = {}) {
  return defineApp({
    version: '1',
    spaces: {
      room: space({
        collections: { notes: collection(Note), lines: collection(Note, { window: LINES_WINDOW }), said: collection(Said) },
        mutators: {
          async say(tx, { text }: { text: string }) {
            await before?.(text)
            if (isStrict && text.startsWith(TABOO)) tx.reject('nobody says that here')
            const { texts } = (await tx.said.get('all')) ?? { texts: [] }
            await tx.said.put('all', { texts: [...texts, text] })
          },
          async many(tx, { count }: { count: number }) {
            for (let at = 0; at < count; at++) await tx.notes.put(`many-${at}`, { text: 'one of many' })
          },
        },
      }),
      /** Read by its own makers alone where `drafts` says so: the view that stands in for a rule over documents. */
      desk: space({ collections: { drafts: collection(Note, { read: drafts }), plain: collection(Note) } }),
    },
  }) satisfies App
}

export type CaseApp = ReturnType<typeof caseApp>

/** A text of which one fills a page of a gateway, and two do not fit into one: 256 KiB. */
export const BIG = 'x'.repeat(140_000)
