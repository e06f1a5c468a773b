// Goal: the chat, as it is built and served, finds out how seldom it may beat. Method: the page's clock is ours; the frames of its sockets are read.
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

/** What the page keeps of the device's: the longest silence that lived, by path. */
async function kept(): Promise<readonly { readonly path: string; readonly livedMs: number }[]> {
  const found = await indexedDB.databases()
  if (!found.some(({ name }) => name === 'tidemark-device')) return []
  const done = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const db = await done(indexedDB.open('tidemark-device'))
  const entries = (await done(db.transaction('kept').objectStore('kept').get('beats'))) ?? []
  db.close()
  return entries.map((entry: { path: string; marks: { livedMs: number }[] }) => ({ path: entry.path, livedMs: entry.marks[0]?.livedMs }))
}

describe('the beat of the chat', () => {
  it('is tried by a socket beside the live one, and what lived is kept for the device', async () => {
    const { page } = await stage.device()
    /** Frames that the page sent, a list a socket. */
    const sockets: string[][] = []
    page.on('websocket', (socket) => {
      const sent: string[] = []
      sockets.push(sent)
      socket.on('framesent', ({ payload }) => sent.push(String(payload)))
    })
    await page.clock.install()
    const alice = new ChatPage(page, stage.url)
    await alice.signIn('alice')
    await alice.join('lobby')
    const probes = () => sockets.filter(([hello]) => hello?.includes('"probe":true'))
    const ended = () => probes().find(({ length }) => length > 1)
    /** The page's time goes fast, and what is on its way takes its own. */
    const pass = async (untilS: number, isOver: () => boolean) => {
      for (let s = 0; s < untilS && !isOver(); s += 2) {
        await page.clock.runFor(2_000)
        await setTimeout(30)
      }
    }
    // On a busy machine the first may be lost with the live connection.
    await pass(900, () => ended() !== undefined)
    const [hello = '{}', beat = '{}'] = ended() ?? []
    expect(JSON.parse(hello)).toMatchObject({ t: 'hello', spaces: {}, nextS: 970 })
    expect(JSON.parse(beat)).toEqual({ t: 'beat', nextS: 970 })
    await expect.poll(() => page.evaluate(kept)).toHaveLength(1)
    const [{ path, livedMs } = { path: '', livedMs: 0 }] = await page.evaluate(kept)
    expect(path).toContain(new URL(stage.url).origin)
    expect(livedMs).toBeGreaterThan(100_000)
  })
})
