import type { Status } from '@tidemark/client'
import type { Words } from '../words/words.ts'

/** What is true of one room, for the words about it. */
export interface Standing {
  readonly status: Pick<Status, 'phase' | 'because' | 'retryAtMs' | 'blocked'>
  readonly version: number
  readonly head: number
  /** Messages of this room that the server has not confirmed. */
  readonly pending: number
  readonly nowMs: number
}

/** The connection in one or two words. */
export function phaseWords(phase: Status['phase'], words: Words['phase']): string {
  switch (phase) {
    case 'offline':
    case 'connecting':
    case 'live':
    case 'stalled':
    case 'waiting':
      return words[phase]
    case 'greeting':
      return words.connecting
    case 'catching up':
      return words.catchingUp
  }
}

/** What is true and what will happen, in at most two sentences. */
export function statusSentence({ status, version, head, pending, nowMs }: Standing, words: Words['network']): string {
  const { phase, because, retryAtMs, blocked } = status
  switch (phase) {
    case 'offline':
      if (pending > 0) return words.offlineWith(pending)
      return version === 0 ? words.offlineAbsent : words.offline
    case 'waiting': {
      const seconds = retryAtMs === undefined ? 0 : Math.max(0, Math.ceil((retryAtMs - nowMs) / 1000))
      return words.waiting(because?.code, seconds, pending)
    }
    case 'connecting':
    case 'greeting':
      return words.connecting(pending)
    case 'stalled':
      return words.stalled(pending)
    case 'catching up':
    case 'live':
      if (head > version) return words.catchingUp(head - version)
      if (phase === 'catching up' && version === 0) return words.reading
      if (pending > 0 && blocked !== undefined) return words.heldBack(blocked)
      return pending === 0 ? words.upToDate : words.sending(pending)
  }
}
