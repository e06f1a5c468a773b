import { seededRandom } from '@tidemark/client/testing'
import { newClientId, newNonce } from '@tidemark/shared'
import type { ScriptedWorld } from './scripted-world.ts'

type Frame = any

let people = 0

/** Somebody who writes frames by hand: what no client of ours would send. */
export class WirePerson {
  readonly client: string
  readonly #world: ScriptedWorld
  readonly #user: string
  readonly #random = seededRandom(1000 + people++)
  readonly #waiting: ((answer: Frame) => void)[] = []
  readonly #say: (frame: object) => void
  #made = 0
  #on = ''

  constructor(world: ScriptedWorld, user: string, client?: string) {
    this.#world = world
    this.#user = user
    this.client = client ?? newClientId(this.#random)
    const socket = {
      send: (text: string) => {
        const frame = JSON.parse(text) as Frame
        if (frame.t === 'ack') this.#waiting.shift()?.(frame)
      },
      close() {},
      terminate() {},
      bufferedBytes: 0,
      pause() {},
      resume() {},
    }
    const events = this.#world.server?.sync.gateway.accept(socket)
    this.#say = (frame) => events?.text(JSON.stringify(frame))
    this.#say({ t: 'hello', client: this.client, token: this.#user, spaces: {}, nextS: 60, app: '1' })
  }

  made(text: string, nonce: string = newNonce(this.#random)) {
    return { n: ++this.#made, nonce, space: 'room:1', name: 'say', args: { text }, madeMs: 0 }
  }

  /** One frame; it stands on the last of the one before. */
  send(...mutations: readonly ReturnType<WirePerson['made']>[]): Promise<Frame> {
    const on = this.#on
    this.#on = mutations.at(-1)?.nonce ?? on
    this.#say({ t: 'mutate', client: this.client, on, mutations })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
