import type { Status } from '../replica-api.ts'
import type { ConnectedAt } from './observed.ts'
import { sayCount, saySpan } from './say-amounts.ts'

/** How the water line is drawn. */
export type Tide = 'calm' | 'rising' | 'dashed' | 'waiting' | 'stalled'

export interface PhaseWords {
  readonly phase: string
  readonly tide: Tide
  /** What is true, and what will happen. */
  readonly sentence: string
  /** What changes by itself from second to second; undefined: nothing. */
  readonly countdown?: string | undefined
}

const TIDES: Readonly<Record<Status['phase'], Tide>> = {
  offline: 'dashed',
  connecting: 'waiting',
  greeting: 'waiting',
  'catching up': 'rising',
  live: 'calm',
  stalled: 'stalled',
  waiting: 'waiting',
}

/** `lead`: the number of the tab that leads. Pure. */
export function phaseWords(status: Status, connected: ConnectedAt, lead: number | undefined, nowMs: number): PhaseWords {
  const { phase, pending, blocked, retryAtMs } = status
  const waits =
    pending === 0
      ? ''
      : ` ${sayCount(pending, 'change')} ${pending === 1 ? 'waits' : 'wait'}${blocked ? `, held back: ${blocked.code}` : ''}.`
  const number = lead === undefined ? '' : ` (number ${lead})`
  const tab =
    connected === 'elsewhere' ? ` Another tab${number} is connected for this one.` : lead === undefined ? '' : ` This tab leads${number}.`
  return {
    phase: phase.slice(0, 1).toUpperCase() + phase.slice(1),
    tide: TIDES[phase],
    sentence: `${sentenceOf(status)}${waits}${tab}`,
    countdown:
      retryAtMs === undefined ? undefined : retryAtMs - nowMs < 1000 ? 'Tries again now.' : `Tries again in ${saySpan(retryAtMs - nowMs)}.`,
  }
}

function sentenceOf({ phase, pauses = [], because, spaces }: Status): string {
  const why = because ? `: ${because.message}.` : '.'
  switch (phase) {
    case 'live':
      return 'All that is followed is up to date.'
    case 'catching up': {
      const behind = Object.values(spaces).reduce((sum, { head, version }) => sum + Math.max(0, head - version), 0)
      return behind === 0 ? 'What is open is being asked for.' : `${sayCount(behind, 'version')} to come.`
    }
    case 'offline':
      if (pauses.includes('app')) return 'Paused by the app: nothing is sent or received until resume().'
      return pauses.includes('page') ? 'The browser has put this page aside.' : 'Nothing is tried.'
    case 'connecting':
      return `No connection yet${why}`
    case 'greeting':
      return 'The socket is open; the server has not greeted yet.'
    case 'stalled':
      return 'Connected, and for a minute nothing moved: a new connection is made.'
    case 'waiting':
      return `No connection${why}`
  }
}
