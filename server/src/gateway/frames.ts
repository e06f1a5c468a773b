import { type Acked, type Heads, type SpaceId, type SyncError, toWire, type Version } from '@tidemark/shared'
import type { EncodedRange } from '../backend/backend.ts'

/** The frames that a gateway writes, as text. Ranges and acks are spliced from what the backend encoded. Source: protocol §5. */
export const frames = {
  welcome(user: string, nowMs: number, heads: Heads, acked: Acked): string {
    return JSON.stringify({ t: 'welcome', user, nowMs, heads, acked })
  },
  heads(heads: Heads, acked: Acked): string {
    return JSON.stringify({ t: 'heads', heads, acked })
  },
  range(range: EncodedRange): string {
    return `{"t":"range",${range.text.slice(1)}`
  },
  behind(space: SpaceId, head: Version): string {
    return JSON.stringify({ t: 'behind', space, head })
  },
  /** `answer`: `"acks":[...]` and perhaps `,"error":{...}`. */
  ack(client: string, answer: string): string {
    return `{"t":"ack","client":${JSON.stringify(client)},${answer}}`
  },
  /** A batch of which nothing was run, and why. */
  notRun(client: string, n: number | undefined, error: SyncError): string {
    return JSON.stringify({ t: 'ack', client, acks: [], error: { ...toWire(error), ...(n === undefined ? {} : { n }) } })
  },
  beat(nowMs: number, sum: number): string {
    return JSON.stringify({ t: 'beat', nowMs, sum })
  },
  said(n: number, id: string): string {
    return JSON.stringify({ t: 'said', n, id })
  },
  notSaid(n: number, error: SyncError): string {
    return JSON.stringify({ t: 'said', n, error: toWire(error) })
  },
  denied(space: SpaceId, error: SyncError): string {
    return JSON.stringify({ t: 'denied', space, error: toWire(error) })
  },
  goaway(afterMs: readonly [number, number], error: SyncError): string {
    return JSON.stringify({ t: 'goaway', afterMs, error: toWire(error) })
  },
  error(error: SyncError): string {
    return JSON.stringify({ t: 'error', error: toWire(error) })
  },
}
