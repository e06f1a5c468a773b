import type { ErrorCode } from '@tidemark/shared'
import type { ConnectionState } from '../gateway/connection-state.ts'

/** What a lane's definition says of it, for who looks after it. */
export interface ConsoleLane {
  readonly tickMs: number
  readonly cap: number
  readonly ring: number
  /** The field that holds what a person wrote. */
  readonly text: string | undefined
  readonly public: boolean
  readonly archiveMs: number | undefined
}

export interface ConsoleKind {
  readonly collections: readonly string[]
  readonly lanes: Readonly<Record<string, ConsoleLane>>
  readonly presence: string | undefined
}

/** What happened within SAMPLE_MS that ended at `atMs`, in ms since the epoch; of connections, how many there were then. */
export interface ConsoleSample {
  readonly atMs: number
  readonly connections: number
  readonly commits: number
  readonly refused: number
}

export interface ConsoleSpace {
  readonly space: string
  readonly version: number
  /** Versions that it has grown by lately, within SAMPLES_KEPT x SAMPLE_MS. */
  readonly commits: number
  /** Connections to this server that follow it. */
  readonly readers: number
}

/** Answer to GET /v1/console/overview. All numbers are of the caller's tenant, and of this process since it runs. */
export interface ConsoleOverview {
  readonly nowMs: number
  readonly tenant: string
  readonly user: string
  /** `admin` may act, `read` may look. */
  readonly may: 'read' | 'admin'
  readonly startedMs: number
  readonly connections: number
  /** Users behind them. */
  readonly users: number
  /** Over all of them: how many copies lag, and how many bytes wait to be taken. */
  readonly lagging: number
  readonly bufferedBytes: number
  readonly sampleMs: number
  /** The oldest first. */
  readonly samples: readonly ConsoleSample[]
  /** Those with the most commits lately first. */
  readonly busiest: readonly ConsoleSpace[]
  readonly kinds: Readonly<Record<string, ConsoleKind>>
}

/** Answer to GET /v1/console/connections. */
export interface ConsoleConnections {
  readonly nowMs: number
  /** Of the tenant, or of the user that was asked for. */
  readonly total: number
  readonly connections: readonly ConnectionState[]
  /** There are more after this one. */
  readonly next?: number | undefined
}

/** Answer to GET /v1/console/spaces, in the order of their ids. */
export interface ConsoleSpaces {
  readonly spaces: readonly (ConsoleSpace & { readonly logStart: number; readonly horizon: number })[]
  readonly next?: string | undefined
}

export interface ConsoleChange {
  readonly collection: string
  readonly does: 'put' | 'set' | 'del'
  /** Characters of it in the log. */
  readonly characters: number
  /** Which document, and what was written; absent where the caller may not read it, or it is too long to be shown. */
  readonly id?: string | undefined
  readonly text?: string | undefined
}

/** Answer to GET /v1/console/spaces/{space}/log: its last commits, the newest first. */
export interface ConsoleLog {
  readonly space: string
  readonly version: number
  readonly seal: string
  readonly logStart: number
  readonly horizon: number
  /** Whether the caller may read this space: else its commits are shown without what is in them. */
  readonly readable: boolean
  readonly commits: readonly {
    readonly version: number
    readonly seal: string
    /** A mutation of a client made it, rather than the server. */
    readonly byMutation: boolean
    readonly changes: readonly ConsoleChange[]
    /** Changes beyond those that are listed. */
    readonly more: number
  }[]
}

/** A device on which a user has written. */
export interface ConsoleReplica {
  readonly client: string
  /** Its last mutation. */
  readonly n: number
  /** When that came, in ms since the epoch. */
  readonly seenMs: number
}

/** Answer to GET /v1/console/users/{user}. */
export interface ConsoleUser {
  readonly user: string
  readonly connections: readonly ConnectionState[]
  readonly replicas: readonly ConsoleReplica[]
  /** Not all devices were looked at: ask on after this one. */
  readonly next?: string | undefined
}

/** Something of a user that was refused. */
export interface Refusal {
  /** In ms since the epoch. */
  readonly atMs: number
  readonly user: string
  readonly client?: string | undefined
  readonly space?: string | undefined
  /** The mutator, or the lane in which something was to be said. */
  readonly name?: string | undefined
  readonly code: ErrorCode
  readonly message: string
}

/** Answer to GET /v1/console/refused, the newest first. */
export interface ConsoleRefused {
  readonly nowMs: number
  /** So many at most are kept, of this tenant. */
  readonly keptMax: number
  readonly refused: readonly Refusal[]
}

/** Answer to GET /v1/console/limits: by the part of the server that holds them; the names bear their units. */
export interface ConsoleLimits {
  readonly groups: readonly { readonly name: string; readonly limits: Readonly<Record<string, number>> }[]
}
