// Runs in the browser: a first sync by the real client, and the same rows by bare Dexie.
import { openReplica } from '@tidemark/client'
import { Dexie } from 'dexie'
import { filter, firstValueFrom } from 'rxjs'
import { app } from '../chat.ts'
import './watch-page.ts'

export interface Synced {
  readonly wallS: number
  /** Documents that are there afterwards. */
  readonly documents: number
}

export interface SyncPage {
  ours(space: 'room:r0', token: string): Promise<Synced>
  bare(pages: number): Promise<Synced>
}

const syncPage: SyncPage = {
  async ours(id, token) {
    const beganMs = performance.now()
    const replica = await openReplica({ app, url: location.origin, user: 'reader', token: async () => token })
    const room = replica.space(id)
    const isWhole = ({ spaces }: { spaces: { [id: string]: { version: number; head: number; partial: boolean } } }) => {
      const copy = spaces[id]
      return copy !== undefined && copy.head > 0 && copy.version === copy.head && !copy.partial
    }
    await firstValueFrom(replica.status$.pipe(filter(isWhole)))
    const wallS = (performance.now() - beganMs) / 1000
    const documents = await room.messages.count()
    await replica.close()
    return { wallS, documents }
  },
  async bare(pages) {
    const beganMs = performance.now()
    const db = new Dexie('bare')
    // The tables and indexes of a replica of this app.
    const others = { self: 'id', outbox: 'n', refused: 'n', tail: 'n', base: 'key' }
    db.version(1).stores({ ...others, copies: 'space', room_messages: '$k, [$s+$b], [$s+$v], [$s+$p], [$s+sentAtMs]' })
    for (let page = 0; page < pages; page++) {
      const answer = await fetch(`/floor/${page}`)
      const rows: readonly { readonly $v: number }[] = await answer.json()
      await db.transaction('rw', ['room_messages', 'copies'], async () => {
        await db.table('room_messages').bulkPut(rows)
        await db.table('copies').put({ space: 'room:r0', $s: 1, version: rows.at(-1)?.$v })
      })
    }
    const wallS = (performance.now() - beganMs) / 1000
    const documents = await db.table('room_messages').count()
    db.close()
    return { wallS, documents }
  },
}

Object.assign(globalThis, { syncPage })
