import { randomInt } from 'node:crypto'
import { SPACES } from './insistent-writer.ts'

interface Order {
  readonly key: string
  readonly mutations: readonly { readonly space: string; readonly name: string; readonly args: object }[]
}

interface CommitEnd {
  readonly in?: Readonly<Record<string, number>>
  readonly repeated?: boolean
  readonly error?: { readonly code: string }
}

/** A backend with an API key: each commit writes to both spaces under an idempotency key, and is sent again until it is answered. */
export class InsistentShop {
  readonly orders: Order[] = []
  readonly ended = new Map<string, CommitEnd>()
  readonly #apiKey: string

  constructor(apiKey: string) {
    this.#apiKey = apiKey
  }

  get pending(): readonly Order[] {
    return this.orders.filter(({ key }) => !this.ended.has(key))
  }

  async write(url: string, stop: () => boolean): Promise<void> {
    for (;;) {
      while (!stop() && this.pending.length < 3) this.#make()
      const orders = this.pending
      if (orders.length === 0) return
      const ends = await this.#post(url, orders)
      if (ends === undefined) return
      for (const [at, end] of ends.entries()) {
        if (end.in === undefined) throw new Error(`an order was refused: ${JSON.stringify(end)}`)
        this.ended.set((orders[at] as Order).key, end)
      }
    }
  }

  /** What each order is answered when all are sent once more. */
  async repeatAll(url: string): Promise<ReadonlyMap<string, CommitEnd>> {
    const again = new Map<string, CommitEnd>()
    for (let at = 0; at < this.orders.length; at += 100) {
      const orders = this.orders.slice(at, at + 100)
      const ends = await this.#post(url, orders)
      for (const [of, { key }] of orders.entries()) again.set(key, ends?.[of] ?? {})
    }
    return again
  }

  /** undefined where nobody knows what became of it. */
  async #post(url: string, orders: readonly Order[]): Promise<readonly CommitEnd[] | undefined> {
    try {
      const answer = await fetch(`${url}/v1/commits`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ commits: orders }),
      })
      const body = (await answer.json()) as { commits: readonly CommitEnd[] }
      if (answer.status !== 200) throw new Error(`POST /v1/commits: ${answer.status} ${JSON.stringify(body)}`)
      return body.commits
    } catch (error) {
      if (error instanceof TypeError || error instanceof SyntaxError) return undefined
      throw error
    }
  }

  #make(): void {
    const key = `order-${this.orders.length + 1}`
    const put = (space: string) => ({ space, name: 'put', args: { c: 'notes', id: key, doc: { text: 'x'.repeat(randomInt(50)) } } })
    this.orders.push({ key, mutations: SPACES.map(put) })
  }
}
