// Goal: the hold queue survives kill -9, and a released comment appears once. Method: the real server, whose word list holds everything, is
// killed at moments of chance while people say things and the host releases them; whoever was not answered does the same again. In the end
// all that was taken is looked for in the archive of the lane.
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import { http, pullAll, type WireAnswer, type WireMutation, WireOutbox } from '../harness/wire-peer.ts'

const KILLS = process.env.CI === undefined ? 1 : 6
const SPEAKERS = 6
const LOAD_MS_MIN = 50
const LOAD_MS_MAX = 600
const MINUTE_MS = 60_000
const LANE = '/v1/spaces/live:1/lanes/danmu'

/** The host, who adds a word, then releases whatever is held. What was not answered is sent again, the same. */
class Host {
  readonly #outbox = new WireOutbox()
  #batch: ReturnType<WireOutbox['batch']> | undefined

  async does(url: string, ...acts: readonly (readonly [name: string, args: object])[]): Promise<void> {
    await this.#sends(url)
    this.#batch = this.#outbox.batch(...acts.map(([name, args]): WireMutation => this.#outbox.next('moderation', name, args)))
    await this.#sends(url)
  }

  /** How many were there to be released. */
  async releasesAll(url: string): Promise<number> {
    const { copy } = await pullAll(url, 'host', 'moderation', undefined, 'all')
    const idsOf = (collection: string) =>
      [...copy.docs.keys()].flatMap((key) => (key.startsWith(collection) ? [key.slice(collection.length)] : []))
    const held = idsOf('held/').slice(0, 50)
    if (held.length > 0) await this.does(url, ...held.map((id) => ['release', { id }] as const))
    await new Promise((resolve) => setTimeout(resolve, 30))
    return held.length + idsOf('outgoing/').length
  }

  async #sends(url: string): Promise<void> {
    if (this.#batch === undefined) return
    const { status, body } = await http<WireAnswer>(url, 'host', '/v1/mutations', { body: this.#batch })
    if (status !== 200 || body.error !== undefined) throw new Error(`the host heard ${status} ${JSON.stringify(body)}`)
    this.#batch = undefined
  }
}

/** Says one thing after another; what was not answered again, under the same id. */
class Speaker {
  readonly taken: string[] = []
  readonly #user: string
  #pending: string | undefined
  #count = 0

  constructor(user: string) {
    this.#user = user
  }

  async says(url: string): Promise<void> {
    this.#pending ??= `${this.#user}-${++this.#count}`
    const body = { id: this.#pending, body: { text: `hm ${this.#pending}` } }
    const { status } = await http(url, this.#user, LANE, { body })
    if (status === 200) {
      this.taken.push(this.#pending)
      this.#pending = undefined
    } else if (status !== 429) throw new Error(`${this.#user} heard ${status}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }

  get isAnswered(): boolean {
    return this.#pending === undefined
  }
}

describe('kill -9 of the server of a show', () => {
  const host = new Host()
  const speakers = Array.from({ length: SPEAKERS }, (_, at) => new Speaker(`u${at}`))
  let data = ''
  let port = 0
  let server: ServerProcess | undefined
  const start = async (): Promise<string> => {
    server = await startServer({ data, port, module: 'tests/faults/kill-show.ts' })
    return server.url
  }

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tidemark-show-'))
    port = await freePort()
  })
  afterAll(async () => {
    await server?.end('SIGKILL')
    await rm(data, { recursive: true, force: true })
  })

  it(`[L1 L2] what was taken is held, and what is released appears once, after ${KILLS} of them`, { timeout: 300_000 }, async () => {
    const beganMs = Date.now()
    let url = await start()
    await host.does(url, ['addWords', { words: ['hm'], action: 'hold' }])
    for (let kill = 0; kill < KILLS; kill++) {
      let isOver = false
      const unless = async (work: () => Promise<unknown>) => {
        while (!isOver)
          try {
            await work()
          } catch (error) {
            if (!isOver) throw error
          }
      }
      const load = Promise.all([unless(() => host.releasesAll(url)), ...speakers.map((speaker) => unless(() => speaker.says(url)))])
      await new Promise((resolve) => setTimeout(resolve, randomInt(LOAD_MS_MIN, LOAD_MS_MAX)))
      isOver = true
      await server?.end('SIGKILL')
      await load
      url = await start()
    }
    for (const speaker of speakers) while (!speaker.isAnswered) await speaker.says(url)
    while ((await host.releasesAll(url)) > 0);

    const taken = speakers.flatMap((speaker) => speaker.taken)
    expect(taken.length).toBeGreaterThan(KILLS)
    for (;;) {
      const shown = await archived(url, beganMs)
      // Ticks in hand are still to come.
      if (shown.length < taken.length) continue
      expect(shown.sort()).toEqual([...taken].sort())
      break
    }
    // Nothing comes after it.
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await archived(url, beganMs)).toHaveLength(taken.length)
  })
})

/** The ids of all items of the lane since then. */
async function archived(url: string, sinceMs: number): Promise<string[]> {
  const ids: string[] = []
  for (let from = Math.floor(sinceMs / MINUTE_MS) * MINUTE_MS; from <= Date.now(); from += MINUTE_MS) {
    const { status, body } = await http<{ ticks: { items: { id: string }[] }[] }>(url, 'host', `${LANE}/archive/${from}`)
    expect(status).toBe(200)
    ids.push(...body.ticks.flatMap(({ items }) => items.map(({ id }) => id)))
  }
  return ids
}
