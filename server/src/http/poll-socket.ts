import type { Clock } from '@tidemark/shared'
import type { GatewaySocket, SocketEvents } from '../gateway/gateway-socket.ts'

/** Characters of frames past which a poll is answered at once; what is still lacking comes with the next one. */
const POLL_CHARACTERS_MAX = 262_144
/** A range that moves nothing worth an answer is shorter: its ids and seals are bounded. */
const EMPTY_RANGE_CHARACTERS_MAX = 1024
/** How long, after its wait, a poll waits for the last ranges that its copies lack, in ms: the gateway gives up its backend sooner. */
const FLUSH_WITHIN_MS = 25_000
/** The sum is asked for when the answer is about to leave; a poll promises nothing. */
const FLUSH = '{"t":"beat","nextS":3600}'

/**
 * One poll as the gateway knows a socket: what it is sent is gathered until it is worth an answer, or the wait is over. The beat that is
 * asked for behind the hello, and before an answer, comes after all that the copies lack, so that one answer brings it whole.
 */
export class PollSocket implements GatewaySocket {
  /** The frames of the answer; none where the gateway cut it off before it said anything. */
  readonly answer: Promise<readonly string[]>
  /** The gateway never waits for a reader of this one: an answer that has grown too long leaves. */
  readonly bufferedBytes = 0
  readonly isPoll = true
  readonly #clock: Clock
  readonly #waitMs: number
  readonly #frames: string[] = []
  #characters = 0
  /** Lanes of which it was told how they run. */
  readonly #lanesTold = new Set<string>()
  /** The last one, which stands for all before it. */
  #beat: string | undefined
  /** A beat was asked for and has not come. */
  #flushing = true
  #worth = false
  #waited = false
  #isOver = false
  #say: (frame: string) => void = () => {}
  #resolve: (frames: readonly string[]) => void = () => {}
  #cancel: () => void = () => {}

  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock
    this.#waitMs = waitMs
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Says hello and begins to wait; where it was ended before, nothing is asked. */
  begin(events: SocketEvents, hello: string): void {
    if (this.#isOver) return
    this.#say = (frame) => events.text(frame)
    this.#cancel = this.#clock.after(this.#waitMs, () => {
      this.#waited = true
      this.#cancel = this.#clock.after(FLUSH_WITHIN_MS, () => this.end())
      this.#flush()
    })
    this.#say(hello)
    this.#say(FLUSH)
  }

  /** Answers with what there is. */
  end(): void {
    this.#isOver = true
    this.#cancel()
    this.#say = () => {}
    this.#resolve(this.#beat === undefined ? this.#frames : [...this.#frames, this.#beat])
  }

  send(text: string): void {
    if (text.startsWith('{"t":"beat"')) {
      this.#flushing = false
      this.#beat = text
      if (this.#worth || this.#waited) this.end()
      return
    }
    this.#beat = undefined
    this.#frames.push(text)
    this.#characters += text.length
    if (text.startsWith('{"t":"goaway"') || this.#characters >= POLL_CHARACTERS_MAX) this.end()
    else if (this.#isNews(text)) {
      this.#worth = true
      this.#flush()
    }
  }

  close(): void {
    this.end()
  }

  terminate(): void {
    this.end()
  }

  pause(): void {}

  resume(): void {}

  #flush(): void {
    if (this.#flushing) return
    this.#flushing = true
    // Not now: whoever sends is in the middle of it.
    queueMicrotask(() => this.#say(FLUSH))
  }

  /** Whether it is more than `welcome`, empty ranges, how lanes run, and word of a token that ends: those leave with what does, or at the end of the wait. */
  #isNews(text: string): boolean {
    if (text.startsWith('{"t":"range"')) {
      if (text.length > EMPTY_RANGE_CHARACTERS_MAX) return true
      const { changes, reset, compacted } = JSON.parse(text) as { changes: unknown[]; reset?: string; compacted?: boolean }
      // One that belongs to a new beginning brings a copy on even where it is empty.
      return changes.length > 0 || reset !== undefined || compacted === true
    }
    if (text.startsWith('{"t":"lane"')) {
      const { space, lane } = JSON.parse(text) as { space: string; lane: string }
      const isAnswer = !this.#lanesTold.has(`${space} ${lane}`)
      this.#lanesTold.add(`${space} ${lane}`)
      return !isAnswer
    }
    return !text.startsWith('{"t":"welcome"') && !text.startsWith('{"t":"error"')
  }
}
