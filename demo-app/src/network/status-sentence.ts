import type { Status } from '@tidemark/client'

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
export function phaseWords(phase: Status['phase']): string {
  switch (phase) {
    case 'offline':
      return 'Offline'
    case 'connecting':
    case 'greeting':
      return 'Connecting'
    case 'catching up':
      return 'Catching up'
    case 'live':
      return 'Live'
    case 'waiting':
      return 'No connection'
  }
}

/** What is true and what will happen, in at most two sentences. */
export function statusSentence({ status, version, head, pending, nowMs }: Standing): string {
  const { phase, because, retryAtMs, blocked } = status
  const later = pending === 0 ? '' : ` ${messages(pending)} will be sent`
  switch (phase) {
    case 'offline':
      return pending === 0 ? 'Offline. You see the room as it was at this version.' : `Offline.${later} when you are back.`
    case 'waiting': {
      const seconds = retryAtMs === undefined ? 0 : Math.max(0, Math.ceil((retryAtMs - nowMs) / 1000))
      const why =
        because?.code === 'unauthenticated' || because?.code === 'forbidden' ? 'The server refuses this sign-in.' : 'No connection.'
      return `${why} Next try ${seconds === 0 ? 'now' : `in ${seconds} s`}.${later === '' ? '' : `${later} then.`}`
    }
    case 'connecting':
    case 'greeting':
      return pending === 0 ? 'Connecting.' : `Connecting.${later} then.`
    case 'catching up':
    case 'live':
      if (head > version) return `Catching up: ${head - version} ${head - version === 1 ? 'version' : 'versions'} to go.`
      if (pending > 0 && blocked !== undefined) return `Held back: ${blocked.message} Nothing is lost.`
      return pending === 0 ? 'Up to date.' : `Sending ${messages(pending)}.`
  }
}

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`
}
