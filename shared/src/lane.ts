import type { StandardSchemaV1 } from '@standard-schema/spec'

/** What is kept of a tick in which more was said than its cap: the newest, a fair lot, or by lot with chances in proportion to a weight of 0 and more. */
export type Sampling<Body> = 'newest' | 'random' | ((said: { readonly body: Body; readonly by: string }) => number)

export interface LaneOptions<Body, Field extends string = string> {
  /** Length of a tick, in ms: 100 to 60,000, or 0, which sends at once, keeps nothing and has no ring. Default: 1000. */
  readonly tickMs?: number
  /** Items of one tick at most, 1 to 1000. Default: 100. */
  readonly cap?: number
  /** Ticks that are kept for who comes later, 0 to 300. Default: 10. */
  readonly ring?: number
  /** Default: `newest`. */
  readonly sampling?: Sampling<Body>
  /** The field that holds what a person wrote: the word filter reads it, and equal ones of a tick are folded. Without it nothing is filtered. */
  readonly text?: Field
  /** Ticks stay for so long as pages that never change, in ms: for playback beside a video's clock. Default: they do not. */
  readonly archiveMs?: number
  /** Whether ring and archive are read without a token, so that a cache in front can serve a crowd. Default: false. */
  readonly public?: boolean
}

/** One lane of a kind. `_body` exists only as a type. */
export interface LaneDefinition<Body = unknown> {
  readonly schema: StandardSchemaV1
  readonly tickMs: number
  readonly cap: number
  readonly ring: number
  readonly sampling: Sampling<never>
  readonly text: string | undefined
  readonly archiveMs: number | undefined
  readonly public: boolean
  readonly _body?: Body
}

export type Lanes = Readonly<Record<string, LaneDefinition>>
export type BodyOf<L> = L extends LaneDefinition<infer Body> ? Body : never

/** Defines a lane by any Standard Schema of what is said there; it must validate synchronously. Throws TypeError where a number is out of its bounds. */
export function lane<S extends StandardSchemaV1>(
  schema: S,
  options: LaneOptions<StandardSchemaV1.InferOutput<S>, keyof StandardSchemaV1.InferOutput<S> & string> = {},
): LaneDefinition<StandardSchemaV1.InferOutput<S>> {
  const definition = {
    schema,
    tickMs: options.tickMs ?? 1000,
    cap: options.cap ?? 100,
    ring: options.ring ?? 10,
    sampling: (options.sampling ?? 'newest') as Sampling<never>,
    text: options.text,
    archiveMs: options.archiveMs,
    public: options.public ?? false,
  }
  const fault = faultOfLane(definition)
  if (fault) throw new TypeError(`lane: ${fault}`)
  return definition
}

/** The lane in which the server tells who is there, of every space that asks for presence. Here, so that an app's definition loads no schema of the wire. */
export const PRESENCE_LANE = 'presence'

/** Bounds of what admins and definitions may choose. */
export const LANE_BOUNDS = { tickMsMin: 100, tickMsMax: 60_000, capMax: 1000, ringMax: 300 } as const

/** What is wrong with a lane's numbers, or undefined. */
export function faultOfLane({
  tickMs,
  cap,
  ring,
  archiveMs,
}: Pick<LaneDefinition, 'tickMs' | 'cap' | 'ring' | 'archiveMs'>): string | undefined {
  const { tickMsMin, tickMsMax, capMax, ringMax } = LANE_BOUNDS
  if (tickMs !== 0 && !(Number.isSafeInteger(tickMs) && tickMs >= tickMsMin && tickMs <= tickMsMax))
    return `tickMs must be 0, or ${tickMsMin} to ${tickMsMax}`
  if (!(Number.isSafeInteger(cap) && cap >= 1 && cap <= capMax)) return `cap must be 1 to ${capMax}`
  if (!(Number.isSafeInteger(ring) && ring >= 0 && ring <= ringMax)) return `ring must be 0 to ${ringMax}`
  if (archiveMs !== undefined && !(Number.isSafeInteger(archiveMs) && archiveMs > 0)) return 'archiveMs must be a positive whole number'
  if (archiveMs !== undefined && tickMs === 0) return 'archiveMs needs ticks: tickMs is 0'
  return undefined
}
