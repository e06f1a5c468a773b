// Goal: without a connection, what is pending reaches the server once and in its order, whatever becomes of requests and answers.
// Method: a real replica in memory, and a server that is a list of what was done for each client id.
import { type Mutation, type MutationAnswer, SyncError, type Version, type WireError } from '@tidemark/shared'
import { beforeEach, describe, expect, it } from 'vitest'
import { createTokens } from '../connection/tokens.ts'
import type { HttpAnswer, HttpRequest } from '../connection/transport.ts'
import { memoryStorage } from '../replica/memory-storage.ts'
import { createReplicaCore, type ReplicaCore } from '../replica/replica-core.ts'
import { chatApp } from '../testing/chat-app.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { type VirtualTime, virtualTime } from '../testing/virtual-time.ts'
import { FLUSH_MS_MAX, flushOutbox } from './flush-outbox.ts'

const macrotask = () => new Promise<void>((resolve) => setImmediate(resolve))
const JSON_TYPE = 'application/json'

let time: VirtualTime
let core: ReplicaCore
/** Nonces in the order in which they took effect, by client id. */
let done: Map<string, string[]>
let requests: HttpRequest[]
let askedFor: (string | undefined)[]
/** Answers in the place of the server; undefined: the server does. */
let meddle: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer> | undefined

const asVersion = (n: number) => n as Version
const answerOf = (status: number, body: unknown): HttpAnswer => ({ status, contentType: JSON_TYPE, text: JSON.stringify(body) })
const refusal = (status: number, code: string) => answerOf(status, { error: { code, message: code } satisfies WireError })

/** Runs what it is given, as §6 says. */
function serve({ body = '' }: HttpRequest): HttpAnswer {
  const { client, mutations } = JSON.parse(body) as { client: string; mutations: Mutation[] }
  const nonces = done.get(client) ?? []
  done.set(client, nonces)
  const answer: MutationAnswer = { acks: [] }
  for (const { n, nonce, args } of mutations) {
    if (n > nonces.length + 1) {
      answer.error = { code: 'out-of-order', message: 'out of order', expected: nonces.length + 1, n }
      break
    }
    nonces[n - 1] ??= nonce
    if (nonces[n - 1] !== nonce) throw new Error('a conflict')
    const ended = args?.text === 'refuse me' ? { error: { code: 'rejected', message: 'no' } } : { in: { 'room:1': asVersion(n) } }
    answer.acks.push({ n, nonce, ...ended })
  }
  return answerOf(200, answer)
}
const flush = (outbox: Pick<ReplicaCore, 'batch' | 'settle'> = core) =>
  flushOutbox({
    outbox,
    clock: time,
    random: seededRandom(7),
    tokens: createTokens((because) => {
      askedFor.push(because?.code)
      return `token ${askedFor.length}`
    }, time),
    transport: {
      async request(request) {
        requests.push(request)
        return meddle(request) ?? serve(request)
      },
    },
  })
const send = (text: string) => core.mutate('room:1', 'send', { id: `m${text}`, text })
const texts = async () => (await core.pending()).map(({ args }) => args.text)
const codeOf = async (work: Promise<void>) =>
  await work.then(
    () => 'flushed',
    (error) => (error instanceof SyncError ? error.code : error),
  )

beforeEach(async () => {
  time = virtualTime(macrotask)
  done = new Map()
  requests = []
  askedFor = []
  meddle = () => undefined
  core = await createReplicaCore({ app: chatApp, storage: memoryStorage(), clock: time, random: seededRandom(1), user: 'alice' })
})

describe('what is pending', () => {
  it('reaches the server in its order, in as many batches as it takes, and is pending no more', async () => {
    for (let n = 1; n <= 230; n++) await send(String(n))
    const nonces = (await core.pending()).map(({ nonce }) => nonce)
    await flush()
    expect([...done]).toEqual([[core.clientId, nonces]])
    expect(await texts()).toEqual([])
    expect(requests.map(({ path, token }) => [path, token])).toEqual(Array(3).fill(['/v1/mutations', 'token 1']))
    expect(await core.audit()).toMatchObject({ created: 230, confirmed: 230 })
  })

  it('may be nothing: then nobody is asked for a token', async () => {
    await flush()
    expect([requests, askedFor]).toEqual([[], []])
  })

  it('[M4] is listed as refused where the server refused it', async () => {
    await send('1')
    await send('refuse me')
    await send('3')
    await flush()
    expect(await texts()).toEqual([])
    expect((await core.refused()).map(({ args }) => args.text)).toEqual(['refuse me'])
  })

  it('[M1] stays when an answer is lost, and takes effect once', async () => {
    await send('1')
    meddle = (request) => {
      serve(request)
      throw new Error('the answer was lost')
    }
    expect(await codeOf(flush())).toBe('unavailable')
    expect(await texts()).toEqual(['1'])
    meddle = () => undefined
    await send('2')
    await flush()
    expect([...done.values()].map(({ length }) => length)).toEqual([2])
    expect(await texts()).toEqual([])
  })

  it('[M1] takes effect once though several send it at once', async () => {
    for (let n = 1; n <= 130; n++) await send(String(n))
    await Promise.all([flush(), flush(), flush()])
    expect([...done.values()].map(({ length }) => length)).toEqual([130])
    expect(await core.audit()).toMatchObject({ created: 130, confirmed: 130, pending: 0 })
  })

  it('[M5] is healed where the server forgot what it had done', async () => {
    await send('1')
    await send('2')
    await flush()
    done.clear()
    await send('3')
    await flush()
    expect([...done.values()].map(({ length }) => length)).toEqual([3])
    expect(await texts()).toEqual([])
  })
})

describe('a worker that the browser ends', () => {
  const STEPS_MAX = 100

  it('[M1] [M4] loses and repeats nothing, at whichever step that is, before or after it was done', async () => {
    let ended = 0
    for (const isDone of [false, true])
      for (let endAt = 1, isOver = false; !isOver; endAt++) {
        if (endAt > STEPS_MAX) throw new Error('it never came to its end')
        const storage = memoryStorage()
        core = await createReplicaCore({ app: chatApp, storage, clock: time, random: seededRandom(endAt), user: 'alice' })
        done.clear()
        for (let n = 1; n <= 120; n++) await send(n === 60 ? 'refuse me' : String(n))
        let step = 0
        const dies = async <T>(work: () => T | Promise<T>): Promise<T> => {
          if (++step !== endAt) return work()
          if (isDone) await work()
          throw new Error('ended')
        }
        meddle = (request) => dies(() => serve(request))
        const mortal = { batch: core.batch, settle: core.settle }
        const end = await codeOf(
          flush({ batch: (bounds) => dies(() => mortal.batch(bounds)), settle: (...of) => dies(() => mortal.settle(...of)) }),
        )
        isOver = end === 'flushed'
        if (!isOver) ended++
        // The next one, on what is left on the disk.
        meddle = () => undefined
        core = await createReplicaCore({ app: chatApp, storage, clock: time, random: seededRandom(1), user: 'alice' })
        await flush()
        expect([...done.values()].map((nonces) => [nonces.length, new Set(nonces).size])).toEqual([[120, 120]])
        expect(await core.audit()).toEqual({ created: 120, confirmed: 119, refused: 1, pending: 0, discarded: 0 })
      }
    expect(ended).toBeGreaterThanOrEqual(14)
  })
})

describe('what stops it leaves everything pending', () => {
  beforeEach(async () => {
    await send('1')
    await send('2')
  })

  it.each([
    ['a captive portal [B7]', (request: HttpRequest) => ({ ...serve(request), contentType: 'text/html' }), 'unavailable'],
    ['JSON that is no answer [B7]', () => answerOf(200, { ok: true }), 'unavailable'],
    ['a server that is down', () => refusal(503, 'unavailable'), 'unavailable'],
    ['a server that asks to wait', () => refusal(429, 'rate-limited'), 'rate-limited'],
    ['an app that is too old', () => refusal(426, 'upgrade-required'), 'upgrade-required'],
    ['a user who may not', () => refusal(403, 'forbidden'), 'forbidden'],
  ])('%s', async (_, answer, code) => {
    meddle = answer
    expect(await codeOf(flush())).toBe(code)
    expect(await texts()).toEqual(['1', '2'])
    expect(requests).toHaveLength(1)
  })

  it('a token that has ended is asked for anew, once, with the reason', async () => {
    meddle = ({ token }) => (token === 'token 1' ? refusal(401, 'token-expired') : undefined)
    await flush()
    expect(askedFor).toEqual([undefined, 'token-expired'])
    expect(await texts()).toEqual([])
    await send('3')
    meddle = () => refusal(401, 'unauthenticated')
    expect(await codeOf(flush())).toBe('unauthenticated')
    expect(askedFor.slice(2)).toEqual([undefined, 'unauthenticated'])
    expect(await texts()).toEqual(['3'])
  })

  it('what is too much at once is sent in smaller batches', async () => {
    for (let n = 3; n <= 40; n++) await send(String(n))
    meddle = ({ body = '' }) => (JSON.parse(body).mutations.length > 9 ? refusal(413, 'too-large') : undefined)
    await flush()
    expect(await texts()).toEqual([])
  })

  it('a link on which nothing comes through is tried with less, and given up in time', async () => {
    for (let n = 3; n <= 40; n++) await send(String(n))
    const sizes: number[] = []
    meddle = ({ body = '' }) => {
      sizes.push(JSON.parse(body).mutations.length)
      return new Promise(() => {})
    }
    const end = codeOf(flush()).then((code) => [code, time.monotonicMs() <= FLUSH_MS_MAX + 30_000])
    await time.run(2 * FLUSH_MS_MAX)
    expect(await end).toEqual(['unavailable', true])
    expect(sizes.slice(0, 3)).toEqual([40, 40, 25])
  })

  it('more than can be sent in time is left for the next time', async () => {
    for (let n = 3; n <= 600; n++) await send(String(n))
    meddle = (request) => new Promise((resolve) => time.after(29_000, () => resolve(serve(request))))
    const end = codeOf(flush())
    await time.run(2 * FLUSH_MS_MAX)
    expect(await end).toBe('unavailable')
    expect(await texts()).toHaveLength(100)
  })

  it('an answer that settles nothing is not asked for again and again', async () => {
    meddle = () => answerOf(200, { acks: [{ n: 1, nonce: '0000000000000000', in: {} }] })
    expect(await codeOf(flush())).toBe('unavailable')
    expect(requests).toHaveLength(1)
  })
})
