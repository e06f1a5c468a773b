import { type Clock, type SpaceId, sealDigits } from '@tidemark/shared'
import type { Ask, Backend } from '../backend/backend.ts'
import { answerWithin } from './answer-within.ts'
import type { GatewayBounds } from './bounds.ts'
import type { Channel } from './channel.ts'
import type { Session } from './session.ts'

export interface SelfCheckWorld {
  readonly backend: Backend
  readonly clock: Clock
  readonly bounds: GatewayBounds
  channels(): Iterable<Channel>
  sessions(): Iterable<Session>
  /** A check that failed proves nothing; the next one comes soon. */
  failed(error: unknown): void
}

/**
 * The gateway checks the backend [B6]: at an interval it states number and seal of each space it serves, so that a lost hint or a
 * history that changed under it is found; and it holds each reader against the rights of that moment.
 */
export class SelfCheck {
  readonly #world: SelfCheckWorld
  #cancel: (() => void) | undefined
  /** Who is to be held against the rights of this moment before the next round: each once, however often it is said. */
  readonly #due = new Set<Session>()
  #isRechecking = false

  constructor(world: SelfCheckWorld) {
    this.#world = world
  }

  start(): void {
    this.#cancel = this.#world.clock.after(this.#world.bounds.checkMs, () => {
      void this.run().finally(() => {
        if (this.#cancel !== undefined) this.start()
      })
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Holds these readers against their rights now, and not at the next round. */
  recheck(sessions: Iterable<Session>): void {
    for (const session of sessions) this.#due.add(session)
    if (!this.#isRechecking) void this.#recheckDue()
  }

  async #recheckDue(): Promise<void> {
    this.#isRechecking = true
    while (this.#due.size > 0) {
      const due = [...this.#due]
      this.#due.clear()
      await this.#rights(due)
    }
    this.#isRechecking = false
  }

  /** One whole check. Never rejects. */
  async run(): Promise<void> {
    await this.#numbers()
    await this.#rights([...this.#world.sessions()])
  }

  async #numbers(): Promise<void> {
    const { backend, bounds, clock } = this.#world
    for (const [tenant, channels] of Map.groupBy(this.#world.channels(), (channel) => channel.tenant)) {
      for (let at = 0; at < channels.length; at += bounds.statedAtOnceMax) {
        const stated = new Map<SpaceId, Ask>()
        const asked = new Map<SpaceId, Channel>()
        for (const channel of channels.slice(at, at + bounds.statedAtOnceMax)) {
          if (channel.top === undefined) continue
          asked.set(channel.space, channel)
          stated.set(channel.space, { version: channel.top.version, seal: digitsOnly(channel.top) })
        }
        if (stated.size === 0) continue
        try {
          const differing = await answerWithin(clock, bounds.answerWithinMs, backend.differing(tenant, stated))
          for (const [space, version] of differing) {
            const standing = stated.get(space)
            if (standing !== undefined) asked.get(space)?.doubt(standing, version)
          }
        } catch (error) {
          this.#world.failed(error)
        }
      }
    }
  }

  async #rights(sessions: Session[]): Promise<void> {
    const next = async (): Promise<void> => {
      for (let session = sessions.pop(); session !== undefined; session = sessions.pop()) {
        try {
          await session.recheck()
        } catch (error) {
          this.#world.failed(error)
        }
      }
    }
    await Promise.all(Array.from({ length: this.#world.bounds.checksAtOnceMax }, next))
  }
}

/** The part of a seal that does not depend on the reader: what every gateway and every view agree on. */
function digitsOnly({ seal }: Ask): Ask['seal'] {
  return sealDigits(seal).toString(16).padStart(8, '0') as Ask['seal']
}
