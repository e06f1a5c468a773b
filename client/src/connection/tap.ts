/** Where whoever looks is told what goes over the wire, as it stands there: with tokens and documents, of which nothing is to be kept. */
export interface Tap {
  /** `way`: of a frame of the live connection, or the path of the request that this answers, below `/v1/spaces/`. */
  heard?: ((way: Way, text: string) => void) | undefined
}

export type Way = 'out' | 'in' | (string & {})
