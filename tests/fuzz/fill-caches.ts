import { randomBytes } from 'node:crypto'
import { connectPeer, http } from '../harness/wire-peer.ts'

/** So many spaces of nearly 1 MiB each are more than any cache of the server keeps. */
const SPACES = 48
const DOCUMENTS = 4
const DOCUMENT_BYTES = 180_000

/** Fills what the server keeps of what it read last, so that its heap can only grow by what it should have let go. */
export async function fillCaches(url: string): Promise<void> {
  const peer = await connectPeer(url, 'filler')
  for (let n = 0; n < SPACES; n++) {
    const space = `box:full-${n}`
    const put = (at: number) => {
      const doc = { text: randomBytes(DOCUMENT_BYTES).toString('base64') }
      return peer.outbox.next(space, 'put', { c: 'open', id: `d${at}`, doc })
    }
    const { error } = await peer.send(...Array.from({ length: DOCUMENTS }, (_, at) => put(at)))
    if (error !== undefined) throw new Error(`not written: ${JSON.stringify(error)}`)
    await peer.follow(space)
    await peer.reaches(space, DOCUMENTS)
    const { status } = await http(url, 'filler', `/v1/spaces/${space}/changes?since=0`, { headers: { 'accept-encoding': 'zstd' } })
    if (status !== 200) throw new Error(`a pull was answered with ${status}`)
  }
  peer.close()
}
