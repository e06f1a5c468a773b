import { connectPeer, http } from '../harness/wire-peer.ts'
import { API_KEY } from './words.ts'

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => at + from)

/** The most that one frame or body may ask for, and is given. */
export const HEAVIEST: readonly (readonly [what: string, begin: (url: string) => Promise<void>])[] = [
  [
    'a batch of 100 mutations that change 1,000 documents each',
    async (url) => {
      const peer = await connectPeer(url, 'heavy')
      const { error } = await peer.send(
        ...numbers(100).map((n) => peer.outbox.next('box:wide', 'many', { count: 1000, stem: `s${n % 5}-` })),
      )
      if (error !== undefined) throw new Error(`stopped: ${JSON.stringify(error)}`)
      peer.close()
    },
  ],
  [
    '100 commits of a backend that change 1,000 documents each',
    async (url) => {
      const commits = numbers(100).map((n) => ({
        mutations: [{ space: 'box:wider', name: 'many', args: { count: 1000, stem: `s${n % 5}-` } }],
      }))
      const { status } = await http(url, null, '/v1/commits', { body: { commits }, headers: { authorization: `Bearer ${API_KEY}` } })
      if (status !== 200) throw new Error(`status ${status}`)
    },
  ],
  [
    'a list from which a list as long is removed',
    async (url) => {
      const peer = await connectPeer(url, 'heavy')
      const doc = (list: unknown[]) => peer.outbox.next('box:long', 'put', { c: 'open', id: 'list', doc: { list } })
      const remove = (list: unknown[]) => peer.outbox.next('box:long', 'patch', { c: 'open', id: 'list', remove: { list } })
      const { acks } = await peer.send(
        doc(numbers(40_000)),
        remove(numbers(10_000, 1e6)),
        doc(numbers(1000).map((n) => ({ n }))),
        remove(numbers(1000, 500).map((n) => ({ n }))),
      )
      const ends = acks.map(({ error }) => error?.code ?? 'done')
      if (ends.join() !== 'done,too-large,done,done') throw new Error(ends.join())
      peer.close()
    },
  ],
  [
    'a hello that follows 1,000 spaces, and a follow of a wide one',
    async (url) => {
      const peer = await connectPeer(url, 'heavy', { follow: numbers(999).map((n) => `room:r${n}`) })
      await peer.follow('box:wide')
      await peer.beat()
      peer.close()
    },
  ],
]
