import type { Diagnostic } from '../diagnostic.ts'
import type { Finding } from './gaps.ts'
import type { FrameFacts } from './read-frame.ts'

/** Events that are kept, beside the diagnostics that the replica keeps itself. */
export const EVENTS_MAX = 200

export interface LoggedEvent {
  /** In ms since the epoch, by this device's clock. */
  readonly atMs: number
  readonly kind: Diagnostic['kind'] | Finding['kind'] | 'behind' | 'denied' | 'goaway' | 'error'
  readonly space?: string | undefined
  readonly code?: string | undefined
  /** What is true, and what will happen. */
  readonly says: string
  /** Something is wrong, or waits. */
  readonly tone: 'plain' | 'wait' | 'wrong'
}

const DIAGNOSTIC_SAYS: Readonly<Record<Diagnostic['kind'], string>> = {
  open: 'Greeted by the server.',
  closed: 'A connection or an attempt ended.',
  slept: 'The device slept, or its clock was set: the connection is asked whether it lives.',
  stalled: 'Nothing moved for a minute: a new connection is made.',
  limited: 'A request led nowhere again and again: it is not sent for a while.',
}

export function eventOfDiagnostic({ kind, atMs, because }: Diagnostic): LoggedEvent {
  const tone = kind === 'stalled' || kind === 'limited' ? 'wrong' : kind === 'closed' ? 'wait' : 'plain'
  return { atMs, kind, code: because?.code, says: DIAGNOSTIC_SAYS[kind], tone }
}

export function eventOfFinding(finding: Finding, atMs: number): LoggedEvent {
  const { kind, space } = finding
  if (kind === 'reset')
    return { atMs, kind, space, says: `Begun anew up to ${finding.to}, for its ${finding.reason}.`, code: finding.reason, tone: 'wait' }
  const missing = finding.from - finding.at
  const says = `A range from ${finding.from} came at ${finding.at}: ${missing} ${missing === 1 ? 'version is' : 'versions are'} missing, and asked for again.`
  return { atMs, kind, space, says, tone: 'wrong' }
}

const FRAME_SAYS: Readonly<Record<string, Pick<LoggedEvent, 'says' | 'tone'>>> = {
  behind: { says: 'Too much to push: it is pulled, then followed again.', tone: 'wait' },
  denied: { says: 'The server does not give this space.', tone: 'wrong' },
  goaway: { says: 'The server asks this device to come back later.', tone: 'wait' },
  error: { says: 'The server refused a frame.', tone: 'wrong' },
}

/** Undefined: nothing out of the ordinary. */
export function eventOfFrame({ way, kind, spaces, code }: FrameFacts, atMs: number): LoggedEvent | undefined {
  const said = way === 'in' ? FRAME_SAYS[kind] : undefined
  return said && { atMs, kind: kind as LoggedEvent['kind'], space: spaces[0], code, ...said }
}

/** In their order, the newest first, at most EVENTS_MAX. */
export function merged(diagnostics: readonly Diagnostic[], events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  // The later first where the clock tells none apart.
  const all = [...diagnostics.map(eventOfDiagnostic), ...events].reverse()
  return all.sort((a, b) => b.atMs - a.atMs).slice(0, EVENTS_MAX)
}
