// Goal: a browser reads what the server splices: a body compressed once, with an end for each reader (docs/decisions/009). Method: a real
// browser pulls the same range in every encoding, with an `acked` of its own and without, and is compared with what is not compressed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectPeer, newClientId, tokenOf } from '../harness/wire-peer.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

describe('a compressed range', () => {
  it('is read to its end by a browser, in every encoding, first and from what is kept', async () => {
    const url = stage.url.replace(/\/$/, '')
    const writer = await connectPeer(url, 'writer')
    for (let n = 0; n < 30; n++)
      await writer.send(
        ...Array.from({ length: 10 }, (_, at) =>
          writer.outbox.next('room:page', 'send', { id: `m${n}-${at}`, text: `你好 ${n} `.repeat(20) }),
        ),
      )
    writer.close()
    const token = await tokenOf(url, 'reader')
    const { page } = await stage.device()
    await page.goto(`${url}/healthz`)
    for (const encoding of ['zstd', 'br', 'gzip']) {
      await page.setExtraHTTPHeaders({ 'accept-encoding': encoding })
      for (const own of ['', `&client=${newClientId()}`, '', `&client=${newClientId()}`]) {
        const path = `/v1/spaces/room:page/changes?since=0${own}`
        const plain = await fetch(url + path, { headers: { authorization: `Bearer ${token}`, 'accept-encoding': 'identity' } })
        const read = await page.evaluate(
          async ([path, token]) => {
            const answer = await fetch(path as string, { headers: { authorization: `Bearer ${token}` }, cache: 'no-store' })
            return { encoding: answer.headers.get('content-encoding'), text: await answer.text() }
          },
          [path, token] as const,
        )
        expect(read.encoding).toBe(encoding)
        expect(read.text === (await plain.text())).toBe(true)
        expect(read.text.length).toBeGreaterThan(10_000)
      }
    }
  })
})
