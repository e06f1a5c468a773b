import type { HttpAnswer, HttpRequest, LiveEvents, LiveSocket, Transport } from '@tidemark/client/testing'
import { createSyncServer, memoryChangelog, type SyncServer } from '@tidemark/server'
import type { Clock } from '@tidemark/shared'
import { access, app } from './fuzzed-backend.ts'

/** The real server behind a network that does nothing but carry. A token is its user's name. */
export class HonestServer implements Transport {
  readonly server: SyncServer
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(clock: Clock) {
    this.server = createSyncServer({
      app,
      access,
      clock,
      changelog: memoryChangelog(),
      authenticate: async (user) => ({ tenant: 'default', user, expiresAtMs: Number.POSITIVE_INFINITY }),
    })
  }

  connect(events: LiveEvents): LiveSocket {
    let over = false
    const soon = (act: () => void) => setImmediate(() => !over && act())
    const server = this.server.gateway.accept({
      send: (text) => soon(() => events.frame(text)),
      close: (code) => soon(() => events.closed(code)),
      terminate: () => soon(() => events.closed(1006)),
      bufferedBytes: 0,
      pause() {},
      resume() {},
    })
    soon(() => events.opened())
    return {
      send: (text) => soon(() => server.text(text)),
      close() {
        if (over) return
        over = true
        server.closed()
      },
    }
  }

  request({ path, token }: HttpRequest): Promise<HttpAnswer> {
    const answered = (async () => {
      const answer = await this.server.hono.request(`http://server${path}`, { headers: { authorization: `Bearer ${token}` } })
      const contentType = (answer.headers.get('content-type') ?? '').split(';')[0] ?? ''
      return { status: answer.status, contentType, text: await answer.text() }
    })()
    this.#underWay.add(answered)
    const done = () => this.#underWay.delete(answered)
    answered.then(done, done)
    return answered
  }

  /** Lets all that it was asked for be answered: it takes no time of the clock. */
  async settle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }
}
