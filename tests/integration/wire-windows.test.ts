// Goal: windows on the wire: what hello, follow and a pull leave out, and what older brings. Method: the real server process, spoken
// to by somebody who has read the protocol's page; `recent` has a window of 5.
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { fresh, http, pull, type WireError } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer({ module: fileURLToPath(new URL('../harness/wire-backend.ts', import.meta.url)) })
const newBox = () => `box:${fresh('w')}`
const many = (count: number) => Array.from({ length: count }, (_, at) => `m${at + 1}`)

interface Older {
  readonly docs: readonly { readonly id: string; readonly v: number; readonly b?: number }[]
  readonly floor: number
  readonly head: number
  readonly seal: string
  readonly error?: WireError
}
const older = (user: string, box: string, query: string, c = 'recent') =>
  http<Older>(server.url, user, `/v1/spaces/${encodeURIComponent(box)}/collections/${c}/older?${query}`)

async function filled(user: string, count: number): Promise<string> {
  const box = newBox()
  const peer = await server.enter(user)
  for (const id of many(count)) await peer.mutate(box, 'put', { c: 'recent', id, doc: { id } })
  await peer.mutate(box, 'patch', { c: 'recent', id: 'm2', set: { changed: true } })
  return box
}

describe('windows on the wire', () => {
  it('[W1] hello and follow cut, a pull cuts unless it says window=all', async () => {
    const user = fresh('u')
    const box = await filled(user, 8)
    const peer = await server.enter(user, { follow: [box] })
    await peer.reaches(box, 9)
    const live = peer.judged.map(({ range }) => range as unknown as { floors?: object; compacted?: boolean; changes: { id: string }[] })
    expect(live.map(({ floors, compacted, changes }) => [floors, compacted, changes.map(({ id }) => id)])).toEqual([
      [{ recent: 3 }, true, ['m4', 'm5', 'm6', 'm7', 'm8']],
    ])
    const ids = async (query: object) => {
      const { body } = await pull<{ floors?: object; changes: { id: string }[] }>(server.url, user, box, query)
      return [body.floors, body.changes.length]
    }
    expect(await ids({})).toEqual([{ recent: 3 }, 5])
    expect(await ids({ window: 'all' })).toEqual([undefined, 9])
  })

  it('[W1] older brings the rest, newest first, and says when it is over', async () => {
    const user = fresh('u')
    const box = await filled(user, 8)
    const first = await older(user, box, 'before=3&limit=2')
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(first.body).toMatchObject({
      docs: [
        { id: 'm3', v: 3 },
        { id: 'm2', v: 9, b: 2 },
      ],
      floor: 1,
      head: 9,
    })
    expect(first.body.seal).toBe((await pull<{ seal: string }>(server.url, user, box, {})).body.seal)
    expect((await older(user, box, 'before=1&limit=2')).body).toMatchObject({ docs: [{ id: 'm1' }], floor: 0, head: 9 })
  })

  it('older is not-found without a window, forbidden without access, and a bad-request where it is malformed', async () => {
    const user = fresh('u')
    const box = newBox()
    const code = async (answer: ReturnType<typeof older>) => {
      const { status, body } = await answer
      return [status, body.error?.code]
    }
    expect(await code(older(user, box, 'before=3', 'open'))).toEqual([404, 'not-found'])
    expect(await code(older(user, box, 'before=3', 'nothing'))).toEqual([404, 'not-found'])
    expect(await code(older(user, `box:no-${fresh('x')}`, 'before=3'))).toEqual([403, 'forbidden'])
    expect(await code(older(user, box, ''))).toEqual([400, 'bad-request'])
    expect(await code(older(user, box, 'before=3&limit=none'))).toEqual([400, 'bad-request'])
  })

  it('[C3] a patch in a windowed collection reaches every follower as a put', async () => {
    const user = fresh('u')
    const box = newBox()
    const peer = await server.enter(user, { follow: [box] })
    await peer.mutate(box, 'put', { c: 'recent', id: 'm', doc: { a: 1 } })
    await peer.mutate(box, 'patch', { c: 'recent', id: 'm', set: { b: 2 } })
    await peer.reaches(box, 2)
    const changes = peer.judged.flatMap(({ range }) => range.changes as unknown as { put?: object; b?: number }[])
    expect(changes.at(-1)).toMatchObject({ put: { a: 1, b: 2 }, b: 1 })
  })
})
