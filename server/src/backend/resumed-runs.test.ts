// Goal: the seal of a page is all that either end needs to go on after a crash. Method: every page is read by a server that has just
// been started on the file that an earlier one left as a machine without power leaves it, for a copy that lives on.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { olderPage, parseAnswer } from '@tidemark/shared'
import { afterAll, describe, expect, it } from 'vitest'
import { type BackendWorld, BOUNDS, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'
import { page } from '../../test/pages.ts'
import { say, windowWorld } from '../../test/window-world.ts'
import { sqliteChangelog } from '../changelog/sqlite/sqlite-changelog.ts'

const alice = user('alice')
const ROOM = 'room:1'
const folder = mkdtempSync(join(tmpdir(), 'tidemark-resumed-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let starts = 0

/** A server whose power fails once the work is done, and the file that is left of it. */
async function powered<T>(file: string | undefined, work: (world: BackendWorld) => Promise<T>): Promise<{ result: T; file: string }> {
  const mine = file ?? join(folder, `${starts++}.db`)
  const changelog = sqliteChangelog(mine)
  const result = await work(windowWorld(changelog))
  const left = join(folder, `${starts++}.db`)
  copyFileSync(mine, left)
  copyFileSync(`${mine}-wal`, `${left}-wal`)
  await changelog.close()
  return { result, file: left }
}

describe('a server that starts again between any two pages', () => {
  it('[C2] ends a cut run where it was begun, with what changed meanwhile, and then pages in the rest', async () => {
    const copy = new Copy()
    let { file } = await powered(undefined, async (world) => {
      await world.put(alice, ROOM, 'members', 'm', { text: 'x' })
      await say(world, alice, ROOM, 'a', 'b', 'c', 'd', 'e', 'f')
      await world.trim(ROOM, 7, 0)
    })
    const next = async (work: (world: BackendWorld) => Promise<unknown>) => {
      ;({ file } = await powered(file, work))
    }
    const resets: unknown[] = []
    const take = () => next(async (world) => resets.push((await page(world, copy, 1, alice, ROOM)).reset))
    await take()
    expect(copy.isWhole).toBe(false)
    await next(async (world) => {
      // The outbox of these tests numbers from 1 in each world, so what is written here is written past it.
      await world.changelog.write(async (tenant) => {
        const tx = tenant('default')
        const message = (id: string, created: number | 'now', doc: string | undefined) =>
          tx.commit(ROOM, [{ collection: 'messages', id, creator: 'alice', created: created as never, doc }], undefined, 0)
        await message('e', 6, undefined)
        await message('a', 2, '{"text":"changed"}')
        await message('g', 'now', '{"text":"g"}')
      })
    })
    for (let pages = 0; !copy.isWhole; pages++) {
      expect(pages).toBeLessThan(10)
      await take()
    }
    expect(resets.every((reset) => reset === undefined)).toBe(true)
    // The deletion of e made room for c, which had not been passed yet.
    expect(Object.keys(copy.documents)).toEqual(['members/m', ...['a', 'c', 'd', 'f', 'g'].map((id) => `messages/${id}`)])
    expect(copy.documents['messages/a']).toEqual({ text: 'changed' })
    while (copy.floor('messages') > 0)
      await next(async (world) => {
        const asked = copy.askOlder('messages')
        const bounds = { ...BOUNDS, changesMax: 1 }
        copy.takeOlder(asked, parseAnswer(olderPage, await world.backend.older(alice, ROOM, 'messages', asked.before as never, bounds)))
      })
    expect(Object.keys(copy.documents).filter((key) => key.startsWith('messages'))).toEqual(
      ['a', 'b', 'c', 'd', 'f', 'g'].map((id) => `messages/${id}`),
    )
  })

  it('[C2] ends a run that brings an old copy up to date, deletions included', async () => {
    const copy = new Copy()
    let { file } = await powered(undefined, async (world) => {
      await say(world, alice, ROOM, 'a', 'b', 'c')
      await page(world, copy, 1000, alice, ROOM)
      for (const id of ['d', 'e', 'f']) await say(world, alice, ROOM, id)
      await world.delete(alice, ROOM, 'messages', 'a')
      await world.trim(ROOM, 7, 3)
    })
    expect(copy.isWhole).toBe(true)
    const seals: string[] = []
    do {
      const next = await powered(file, async (world) => seals.push((await page(world, copy, 1, alice, ROOM)).seal))
      file = next.file
    } while (!copy.isWhole)
    expect(seals.map((seal) => seal.slice(8))).toEqual(['~3.7.7', '~3.7.7', '~3.7.7', ''])
    expect(Object.keys(copy.documents)).toEqual(['b', 'c', 'd', 'e', 'f'].map((id) => `messages/${id}`))
  })
})
