import { errorFromWire, SyncError } from '@tidemark/shared'
import type { OlderAsk } from '../older.ts'
import type { Older } from '../replica-api.ts'
import type { Report } from '../status.ts'

/** What a tab holds open, by space or lane: a number that grows with each opening, so that opening once more is heard. */
export type Holding = Readonly<Record<string, number>>

/** What tabs say to each other. Each is whole by itself: heard twice it is heard once, and what got lost is said again, or asked for. */
export type TabMessage =
  /** A tab that does not lead is here; the leader answers with `lead`. */
  | { readonly t: 'tab'; readonly tab: string; readonly holds: Holding }
  | { readonly t: 'gone'; readonly tab: string }
  /** The leader, by its number: of two the higher one counts. */
  | { readonly t: 'lead'; readonly number: number; readonly hidden: boolean; readonly report: Report; readonly saidMs?: number }
  /** A frame of a lane that another tab holds, as it came. */
  | { readonly t: 'lane'; readonly frame: string }
  /** Asks the leader for a new connection; to send now what is pending. */
  | { readonly t: 'reconnect' | 'retry' }
  /** Asks the leader for a page of older documents, and its answer. */
  | { readonly t: 'older'; readonly tab: string; readonly number: number; readonly ask: OlderAsk }
  | { readonly t: 'page'; readonly tab: string; readonly number: number; readonly page?: Older; readonly error?: SyncError }

export function written(message: TabMessage): string {
  return JSON.stringify(message, (_, value) => (value instanceof SyncError ? { ...value, message: value.message } : value))
}

/** Undefined where it is none. */
export function readMessage(text: unknown): TabMessage | undefined {
  try {
    return JSON.parse(text as string, (_, value) => (typeof value?.code === 'string' ? errorFromWire(value) : value))
  } catch {
    return undefined
  }
}
